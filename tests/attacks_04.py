"""Attacks on the checks of chapter 04, GenServer anti-patterns."""

from __future__ import annotations

from typing import Any, ClassVar

from attacks import Table

from otp_mini import (
    Continue,
    Down,
    Exit,
    ExitSignal,
    GenServer,
    NoReply,
    Ok,
    Process,
    Ref,
    Reply,
    Stop,
    Task,
    Timeout,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_monitor,
    sys_,
)
from otp_mini.exercises import genserver_antipatterns as ex

table = Table()


# ---- archive -------------------------------------------------------------------------------------------


class Archive(GenServer):
    def init(self, search: Any) -> Any:
        return Ok((search, 0))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, asked = state
        match request:
            case ("find", title):
                return self.find(search, title, from_, asked)
            case "asked":
                return Reply(asked, state)

    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        Task.start(answers, search, title, from_)
        return NoReply((search, asked + 1))


async def answers(search: Any, title: Any, from_: Any) -> None:
    GenServer.reply(from_, await search(title))


class WaitingArchive(Archive):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        search, asked = state
        match request:
            case ("find", title):
                return Reply(await search(title), (search, asked + 1))
            case "asked":
                return Reply(asked, state)


class SearchingArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        Task.start(answers, search, title, from_)
        return Reply("searching", (search, asked + 1))


class SilentArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        Task.start(search, title)
        return NoReply((search, asked + 1))


class CoroutineArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        Task.start(lambda: GenServer.reply(from_, search.__name__))
        return NoReply((search, asked + 1))


class ForgetfulArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        Task.start(answers, search, title, from_)
        return NoReply((search, asked))


class TwiceArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        async def twice() -> None:
            found = await search(title)
            GenServer.reply(from_, found)
            GenServer.reply(from_, found)

        Task.start(twice)
        return NoReply((search, asked + 1))


class LastCallerArchive(GenServer):
    """Keeps one caller, the last."""

    def init(self, search: Any) -> Any:
        return Ok((search, 0, None))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, asked, _ = state
        match request:
            case ("find", title):
                Task.start(tells, search, title, self_())
                return NoReply((search, asked + 1, from_))
            case "asked":
                return Reply(asked, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        GenServer.reply(state[2], message[1])
        return NoReply(state)


async def tells(search: Any, title: Any, server: Any) -> None:
    send(server, ("found", await search(title)))


class ContinueArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        return NoReply((search, asked + 1), Continue((title, from_)))

    async def handle_continue(self, work: Any, state: Any) -> Any:
        GenServer.reply(work[1], await state[0](work[0]))
        return NoReply(state)


class QueueArchive(Archive):
    """One worker for all."""

    def init(self, search: Any) -> Any:
        worker = spawn(self.work, search)
        return Ok(((search, worker), 0))

    @staticmethod
    async def work(search: Any) -> None:
        while True:
            title, from_ = await receive()
            GenServer.reply(from_, await search(title))

    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        send(search[1], (title, from_))
        return NoReply((search, asked + 1))


class KnowingArchive(Archive):
    SHOWN: ClassVar[dict[str, float]] = {"maps": 12.0, "letters": 600.0, "coins": 4.0}

    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        if title in self.SHOWN:
            return super().find(search, title, from_, asked)
        GenServer.reply(from_, f"{title} on shelf 3")
        return NoReply((search, asked + 1))


class SpawningArchive(Archive):
    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        spawn(answers, search, title, from_)
        return NoReply((search, asked + 1))


class TellingArchive(GenServer):
    """The search tells the archive, which answers by itself."""

    def init(self, search: Any) -> Any:
        return Ok((search, 0))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("find", title):
                server = self_()

                async def look() -> None:
                    GenServer.cast(server, ("found", from_, await state[0](title)))

                spawn(look)
                return NoReply((state[0], state[1] + 1))
            case "asked":
                return Reply(state[1], state)

    def handle_cast(self, request: Any, state: Any) -> Any:
        match request:
            case ("found", from_, what):
                GenServer.reply(from_, what)
                return NoReply(state)


class OwnReplyArchive(Archive):
    """Answers the pid of the task, which is no question of anybody's."""

    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        async def tell() -> None:
            GenServer.reply(self_(), await search(title))

        Task.start(tell)
        return NoReply((search, asked + 1))


class LinkedTasksArchive(Archive):
    """Its tasks are linked to it, and what they send besides is logged."""

    def find(self, search: Any, title: Any, from_: Any, asked: int) -> Any:
        Task.async_(answers, search, title, from_)
        return NoReply((search, asked + 1))


table.wrong(ex.archive, "awaits the search in the callback", WaitingArchive, "which process waits")
table.wrong(ex.archive, "answers searching", SearchingArchive, "A call is answered once")
table.wrong(ex.archive, "forgets the reply", SilentArchive, "GenServer.reply")
table.wrong(ex.archive, "replies with something else", CoroutineArchive, "what the caller's answer is")
table.wrong(ex.archive, "does not count", ForgetfulArchive, "the next state")
table.wrong(ex.archive, "answers twice", TwiceArchive, "how often a question is answered")
table.wrong(ex.archive, "keeps the last caller only", LastCallerArchive, "whose question")
table.wrong(ex.archive, "searches in a continue", ContinueArchive, "which process waits")
table.wrong(ex.archive, "has one worker for all", QueueArchive, "whether a search waits for another one")
table.wrong(ex.archive, "replies to a pid", OwnReplyArchive, "what the log says")
table.hard_coded(ex.archive, "knows the shown titles", KnowingArchive, "another case")
table.right(ex.archive, "links its tasks", LinkedTasksArchive)
table.right(ex.archive, "spawns in place of a task", SpawningArchive)
table.right(ex.archive, "is told by a cast and answers itself", TellingArchive)


# ---- careful_archive -----------------------------------------------------------------------------------


class Careful(GenServer):
    """Right, in parts that the others change."""

    def init(self, search: Any) -> Any:
        return Ok((search, {}))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                task = await Task.Supervisor.async_nolink("searches", search, title)
                return NoReply((search, waiting | {task.ref: from_}))
            case "open":
                return Reply(len(waiting), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        waiting = state[1]
        match message:
            case (Ref() as ref, answer) if ref in waiting:
                return self.over(ref, answer, state)
            case Down(ref, _, reason) if ref in waiting:
                return self.down(ref, reason, state)
            case _:
                return self.stray(message, state)

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        search, waiting = state
        GenServer.reply(waiting[ref], answer)
        return NoReply((search, {each: who for each, who in waiting.items() if each != ref}))

    def down(self, ref: Any, reason: Any, state: Any) -> Any:
        return self.over(ref, ("error", "lost"), state)

    def stray(self, message: Any, state: Any) -> Any:
        return NoReply(state)


class UnwatchedArchive(Careful):
    """The first cure of the chapter: the reply dies with the task."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                Task.start(answers, search, title, from_)
                return NoReply((search, waiting | {from_[1]: 1}))
            case "open":
                return Reply(len(waiting), state)


class CatchingArchive(Careful):
    """The task catches everything; a kill it cannot catch."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                spawn(catches, search, title, from_, self_())
                return NoReply((search, waiting | {from_: 1}))
            case "open":
                return Reply(len(waiting), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        search, waiting = state
        match message:
            case ("over", from_):
                return NoReply((search, {each: 1 for each in waiting if each != from_}))
            case _:
                return NoReply(state)


async def catches(search: Any, title: Any, from_: Any, server: Any) -> None:
    try:
        GenServer.reply(from_, await search(title))
    except (Exception, Exit):
        GenServer.reply(from_, ("error", "lost"))
    send(server, ("over", from_))


class NormalIsFineArchive(Careful):
    def down(self, ref: Any, reason: Any, state: Any) -> Any:
        if reason == "normal":
            search, waiting = state
            return NoReply((search, {each: who for each, who in waiting.items() if each != ref}))
        return super().down(ref, reason, state)


class LinkedArchive(Careful):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                task = Task.async_(search, title)
                return NoReply((search, waiting | {task.ref: from_}))
            case "open":
                return Reply(len(waiting), state)


class NoLastCaseArchive(Careful):
    def stray(self, message: Any, state: Any) -> Any:
        return None


class CountingUpArchive(Careful):
    """Never takes an entry out."""

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref], answer)
        return NoReply(state)


class FalsyArchive(Careful):
    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        return super().over(ref, answer or ("error", "lost"), state)


class AwaitingArchive(Careful):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                try:
                    task = await Task.Supervisor.async_nolink("searches", search, title)
                    return Reply(await Task.await_(task, timeout=None), state)
                except Exit:
                    return Reply(("error", "lost"), state)
            case "open":
                return Reply(len(waiting), state)


class ByTitleArchive(Careful):
    """One entry for a title."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                _, ref = spawn_monitor(tells, search, title, self_())
                return NoReply((search, waiting | {title: (ref, from_)}))
            case "open":
                return Reply(len(waiting), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        search, waiting = state
        match message:
            case Down(ref, _, _):
                gone = [title for title, (each, _) in waiting.items() if each == ref]
                for title in gone:
                    GenServer.reply(waiting[title][1], ("error", "lost"))
                return NoReply((search, {t: w for t, w in waiting.items() if t not in gone}))
            case ("found", str() as found):
                title = {"9": "good", "2": "quick"}.get(found[-1], "map")
                if title in waiting:
                    GenServer.reply(waiting[title][1], found)
                return NoReply((search, {t: w for t, w in waiting.items() if t != title}))
            case ("found", what):
                if "odd" in waiting:
                    GenServer.reply(waiting["odd"][1], what)
                return NoReply((search, {t: w for t, w in waiting.items() if t != "odd"}))
            case _:
                return NoReply(state)


class GivesUpArchive(Careful):
    """Is right for searches of less than forty seconds."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                task = await Task.Supervisor.async_nolink("searches", search, title)
                Process.send_after(self_(), Down(task.ref, task.pid, "late"), 40.0)  # type: ignore[arg-type]
                return NoReply((search, waiting | {task.ref: from_}))
            case "open":
                return Reply(len(waiting), state)


class MonitoringArchive(Careful):
    """No supervisor: spawn and monitor, and the answer as a message of its own."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                pid, ref = spawn_monitor(named, search, title, self_())
                return NoReply((search, waiting | {ref: from_, pid: ref}))
            case "open":
                return Reply(len(waiting) // 2, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        search, waiting = state
        match message:
            case ("an answer of", pid, answer) if pid in waiting:
                GenServer.reply(waiting[waiting[pid]], answer)
            case Down(ref, pid, _) if ref in waiting:
                GenServer.reply(waiting[ref], ("error", "lost"))
            case _:
                return NoReply(state)
        gone = {pid, waiting[pid]}
        return NoReply((search, {each: who for each, who in waiting.items() if each not in gone}))


async def named(search: Any, title: Any, server: Any) -> None:
    send(server, ("an answer of", self_(), await search(title)))


class KeeperArchive(Careful):
    """A keeper for each search watches and answers; the archive only counts."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                _, ref = spawn_monitor(keeps, search, title, from_)
                return NoReply((search, waiting | {ref: from_}))
            case "open":
                return Reply(len(waiting), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        search, waiting = state
        match message:
            case Down(ref, _, _):
                return NoReply((search, {each: who for each, who in waiting.items() if each != ref}))
            case _:
                return NoReply(state)


async def keeps(search: Any, title: Any, from_: Any) -> None:
    task = await Task.Supervisor.async_nolink("searches", search, title)
    outcome = await Task.yield_(task, timeout=None)
    GenServer.reply(from_, outcome.value if isinstance(outcome, Ok) else ("error", "lost"))


class DemonitoringArchive(Careful):
    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        Process.demonitor(ref, flush=True)
        return super().over(ref, answer, state)


class StartedChildArchive(Careful):
    """`start_child`, a monitor, and the answer in a message of its own."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        search, waiting = state
        match request:
            case ("find", title):
                pid = await Task.Supervisor.start_child("searches", named, search, title, self_())
                return NoReply((search, waiting | {Process.monitor(pid): (pid, from_)}))
            case "open":
                return Reply(len(waiting), state)

    def handle_info(self, message: Any, state: Any) -> Any:
        search, waiting = state
        match message:
            case ("an answer of", pid, answer):
                done = [ref for ref, (each, _) in waiting.items() if each == pid]
            case Down(ref, _, _) if ref in waiting:
                done, answer = [ref], ("error", "lost")
            case _:
                return NoReply(state)
        for ref in done:
            GenServer.reply(waiting[ref][1], answer)
        return NoReply((search, {ref: who for ref, who in waiting.items() if ref not in done}))


table.wrong(ex.careful_archive, "nobody watches the task", UnwatchedArchive, "who can tell the caller")
table.wrong(ex.careful_archive, "the task catches everything", CatchingArchive, "who can tell the caller", "was killed")
table.wrong(
    ex.careful_archive, "takes normal for an answer", NormalIsFineArchive, "who can tell the caller", "'normal'"
)
table.wrong(ex.careful_archive, "links the task", LinkedArchive, "whom the end of a search may end")
table.wrong(ex.careful_archive, "has no last case", NoLastCaseArchive, "the last case of `handle_info`")
table.wrong(ex.careful_archive, "keeps what is over", CountingUpArchive, "what the number counts")
table.wrong(ex.careful_archive, "takes None for no answer", FalsyArchive, "whatever the search has returned")
table.wrong(ex.careful_archive, "awaits the task in the callback", AwaitingArchive, "which process waits")
table.wrong(ex.careful_archive, "keeps one caller for a title", ByTitleArchive, "Two searches for one title are two")
table.hard_coded(ex.careful_archive, "gives up after forty seconds", GivesUpArchive, "another case")
table.right(ex.careful_archive, "takes the monitor off after an answer", DemonitoringArchive)
table.right(ex.careful_archive, "starts a child and monitors it", StartedChildArchive)
table.right(ex.careful_archive, "monitors by itself", MonitoringArchive)
table.right(ex.careful_archive, "has a keeper for each search", KeeperArchive)


# ---- library -------------------------------------------------------------------------------------------


class Library(GenServer):
    async def init(self, load: Any) -> Any:
        await Task.start_link(reads, load, self_())
        return Ok("loading")

    def handle_call(self, request: Any, from_: Any, books: Any) -> Any:
        match request:
            case "books":
                return Reply(books, books)

    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case ("loaded", number):
                return NoReply(number)
            case _:
                return NoReply(books)


async def reads(load: Any, server: Any) -> None:
    send(server, ("loaded", await load()))


class SlowInitLibrary(Library):
    async def init(self, load: Any) -> Any:
        return Ok(await load())


class ContinueLibrary(Library):
    def init(self, load: Any) -> Any:  # type: ignore[override]
        return Ok("loading", Continue(load))

    async def handle_continue(self, load: Any, state: Any) -> Any:
        return NoReply(await load())


class UnlinkedLibrary(Library):
    def init(self, load: Any) -> Any:  # type: ignore[override]
        Task.start(reads, load, self_())
        return Ok("loading")


class LazyLibrary(Library):
    def init(self, load: Any) -> Any:  # type: ignore[override]
        return Ok(load)

    def handle_call(self, request: Any, from_: Any, books: Any) -> Any:
        if callable(books):
            Task.start(reads, books, self_())
            return Reply("loading", "loading")
        return Reply(books, books)


class AnythingLibrary(Library):
    def handle_info(self, message: Any, books: Any) -> Any:
        return NoReply(message[1] if isinstance(message, tuple) else message)


class FragileLibrary(Library):
    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case ("loaded", number):
                return NoReply(number)


class FalsyLibrary(Library):
    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case ("loaded", number):
                return NoReply(number or books)
            case _:
                return NoReply(books)


class DeafLibrary(Library):
    async def init(self, load: Any) -> Any:
        await Task.start_link(load)
        return Ok("loading")


class KnowingLibrary(Library):
    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case ("loaded", _):
                return NoReply(1200)
            case _:
                return NoReply(books)


class GlobalLibrary(Library):
    """Keeps the number on the class."""

    books: ClassVar[Any] = "loading"

    async def init(self, load: Any) -> Any:
        GlobalLibrary.books = "loading"
        await Task.start_link(reads, load, self_())
        return Ok(None)

    def handle_call(self, request: Any, from_: Any, books: Any) -> Any:
        return Reply(GlobalLibrary.books, books)

    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case ("loaded", number):
                GlobalLibrary.books = number
        return NoReply(books)


class AsyncLibrary(Library):
    """Task.async_: its answer arrives as a message, and its crash over the link."""

    def init(self, load: Any) -> Any:  # type: ignore[override]
        return Ok(("loading", Task.async_(load).ref))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case "books":
                return Reply(state[0], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case (Ref() as ref, number) if ref == state[1]:
                return NoReply((number, None))
            case _:
                return NoReply(state)


class WatchingLibrary(Library):
    """A monitor, and a stop of its own."""

    def init(self, load: Any) -> Any:  # type: ignore[override]
        spawn_monitor(reads, load, self_())
        return Ok("loading")

    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case Down(_, _, reason) if reason != "normal":
                return Stop(reason, books)
        return super().handle_info(message, books)


class UnawaitedLibrary(Library):
    async def init(self, load: Any) -> Any:
        Task.start_link(reads, load, self_())
        return Ok("loading")


class TrappingLibrary(Library):
    async def init(self, load: Any) -> Any:
        Process.flag(trap_exit=True)
        return await super().init(load)


class DecidingLibrary(TrappingLibrary):
    """Traps exits, and stops for each that is not normal."""

    def handle_info(self, message: Any, books: Any) -> Any:
        match message:
            case ExitSignal(_, reason) if reason != "normal":
                return Stop(reason, books)
        return super().handle_info(message, books)


table.wrong(ex.library, "loads in init", SlowInitLibrary, "what `init` waits for")
table.wrong(ex.library, "loads in a continue", ContinueLibrary, "`handle_continue` is a callback, too")
table.wrong(ex.library, "is not tied to the loading", UnlinkedLibrary, "which tie ends both")
table.wrong(ex.library, "loads when it is asked", LazyLibrary, "when the loading begins")
table.wrong(ex.library, "takes any message for the number", AnythingLibrary, "from any other message")
table.wrong(ex.library, "has no last case", FragileLibrary, "the last case of `handle_info`")
table.wrong(ex.library, "takes 0 for nothing", FalsyLibrary, "another case", "into the state")
table.wrong(ex.library, "nobody sends the number", DeafLibrary, "into the state")
table.wrong(ex.library, "keeps the number on the class", GlobalLibrary, "where the number is kept")
table.wrong(ex.library, "does not await the start of the task", UnawaitedLibrary, "`await`")
table.wrong(ex.library, "traps exits and decides nothing", TrappingLibrary, "which tie ends both")
table.hard_coded(ex.library, "knows how many books", KnowingLibrary, "another case")
table.right(ex.library, "traps exits and stops", DecidingLibrary)
table.right(ex.library, "uses the messages of Task.async_", AsyncLibrary)
table.right(ex.library, "monitors the loading", WatchingLibrary)


# ---- feed ----------------------------------------------------------------------------------------------


async def all_at_once(press: Any, jobs: Any) -> None:
    for job in jobs:
        GenServer.cast(press, ("print", job))
    await GenServer.call(press, "printed", timeout=None)


async def impatient(press: Any, jobs: Any) -> None:
    for job in jobs:
        GenServer.cast(press, ("print", job))
        await GenServer.call(press, "printed")


async def leaves_early(press: Any, jobs: Any) -> None:
    for number, job in enumerate(jobs, start=1):
        GenServer.cast(press, ("print", job))
        if number % 10 == 0:
            await GenServer.call(press, "printed", timeout=None)


async def sleeps_a_second(press: Any, jobs: Any) -> None:
    for job in jobs:
        GenServer.cast(press, ("print", job))
        await Process.sleep(1.0)


async def sleeps_long(press: Any, jobs: Any) -> None:
    for job in jobs:
        GenServer.cast(press, ("print", job))
        await Process.sleep(500.0)
    await GenServer.call(press, "printed", timeout=None)


async def peeks(press: Any, jobs: Any) -> None:
    for job in jobs:
        while (Process.info(press) or {})["message_queue_len"] > 5:
            await Process.sleep(0.01)
        GenServer.cast(press, ("print", job))
    await GenServer.call(press, "printed", timeout=None)


async def skips_the_rest(press: Any, jobs: Any) -> None:
    for start in range(0, len(jobs) - len(jobs) % 10, 10):
        for job in jobs[start : start + 10]:
            GenServer.cast(press, ("print", job))
        await GenServer.call(press, "printed", timeout=None)


async def spawns_each(press: Any, jobs: Any) -> None:
    async def one(job: Any) -> None:
        GenServer.cast(press, ("print", job))

    for job in jobs:
        spawn(one, job)
    await Process.sleep(0.0)
    await GenServer.call(press, "printed", timeout=None)


async def repeats(press: Any, jobs: Any) -> None:
    for job in dict.fromkeys(jobs):
        GenServer.cast(press, ("print", job))
        await GenServer.call(press, "printed", timeout=None)


async def three_tens(press: Any, jobs: Any) -> None:
    """For twenty-five jobs of one second."""
    for start in (0, 10, 20):
        for job in jobs[start : start + 10]:
            GenServer.cast(press, ("print", job))
        await Process.sleep(10.0 if start < 20 else 5.0)


async def one_by_one(press: Any, jobs: Any) -> None:
    for job in jobs:
        GenServer.cast(press, ("print", job))
        await GenServer.call(press, "printed", timeout=None)


async def through_a_task(press: Any, jobs: Any) -> None:
    async def run() -> None:
        for start in range(0, len(jobs), 5):
            for job in jobs[start : start + 5]:
                GenServer.cast(press, ("print", job))
            await sys_.get_state(press, timeout=None)

    await Task.await_(Task.async_(run), timeout=None)


async def calls_the_press(press: Any, jobs: Any) -> None:
    for job in jobs:
        await GenServer.call(press, ("print", job), timeout=None)


async def patient_for_a_while(press: Any, jobs: Any) -> None:
    for job in jobs:
        GenServer.cast(press, ("print", job))
        await GenServer.call(press, "printed", timeout=600.0)


async def reckons_from_zero(press: Any, jobs: Any) -> None:
    """Takes what the press has printed for what it has printed of these jobs."""
    printed = 0
    for number, job in enumerate(jobs):
        if number - printed >= 10:
            printed = await GenServer.call(press, "printed", timeout=None)
        GenServer.cast(press, ("print", job))
    await GenServer.call(press, "printed", timeout=None)


async def measures_the_first(press: Any, jobs: Any) -> None:
    began, took = current_node().now(), None
    for job in jobs:
        GenServer.cast(press, ("print", job))
        if took is None:
            await GenServer.call(press, "printed", timeout=None)
            took = current_node().now() - began
        else:
            await Process.sleep(took)


async def by_windows(press: Any, jobs: Any) -> None:
    """A helper waits behind each job; nine of them at most are out."""
    home, out = self_(), 0

    async def wait() -> None:
        await GenServer.call(press, "printed", timeout=None)
        send(home, "printed one")

    for job in jobs:
        if out == 9:
            await receive(lambda message: message == "printed one")
            out -= 1
        GenServer.cast(press, ("print", job))
        spawn(wait)
        out += 1
        await Process.sleep(0.0)
    for _ in range(out):
        await receive(lambda message: message == "printed one")


table.wrong(ex.feed, "only the end waits", all_at_once, "what slows the sender down")
table.wrong(ex.feed, "waits for five seconds", impatient, "how long that call is willing to wait")
table.wrong(ex.feed, "leaves before the end", leaves_early, "when it returns")
table.wrong(ex.feed, "sleeps for as long as a job is long today", sleeps_a_second, "another case")
table.wrong(ex.feed, "sleeps for long", sleeps_long, "`feed` waits")
table.wrong(ex.feed, "looks at the mailbox again and again", peeks, "who speaks first")
table.wrong(ex.feed, "leaves the last few out", skips_the_rest, "which jobs are sent")
table.wrong(ex.feed, "spawns a process for each", spawns_each, "what slows the sender down")
table.wrong(ex.feed, "prints equal jobs once", repeats, "which jobs are sent")
table.wrong(ex.feed, "calls a press that knows casts", calls_the_press, "what the press understands")
table.wrong(
    ex.feed, "waits for ten minutes", patient_for_a_while, "another case", "how long that call is willing to wait"
)
table.wrong(ex.feed, "takes the press for a new one", reckons_from_zero, "had printed 30", "what slows the sender down")
table.wrong(ex.feed, "measures the first job", measures_the_first, "another case", "no fixed time")
table.hard_coded(ex.feed, "knows the shown number", three_tens, "another case")
table.right(ex.feed, "has a helper behind each job", by_windows)
table.right(ex.feed, "asks behind each job", one_by_one)
table.right(ex.feed, "has a task feed it, by fives", through_a_task)


# ---- cloakroom -----------------------------------------------------------------------------------------


class Desk(GenServer):
    async def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                return Reply(await GenServer.call("rack", ("hang up", owner, number + 1)), number + 1)
            case "handed in":
                return Reply(number, number)


class Rack(GenServer):
    async def handle_call(self, request: Any, from_: Any, owners: Any) -> Any:
        match request:
            case ("hang up", owner, number):
                return Reply(f"hook {number}", [*owners, owner])
            case "coats":
                return Reply(owners, owners)


class GivenDesk(GenServer):
    async def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                return Reply(await self.hook(owner), number + 1)
            case "handed in":
                return Reply(number, number)

    async def hook(self, owner: Any) -> Any:
        return await GenServer.call("rack", ("hang up", owner))


class GivenRack(GenServer):
    async def handle_call(self, request: Any, from_: Any, owners: Any) -> Any:
        match request:
            case ("hang up", owner):
                return Reply(f"hook {await self.number(owners)}", [*owners, owner])
            case "coats":
                return Reply(owners, owners)

    async def number(self, owners: Any) -> Any:
        return await GenServer.call("desk", "handed in") + 1


class PatientDesk(GivenDesk):
    async def hook(self, owner: Any) -> Any:
        return await GenServer.call("rack", ("hang up", owner), timeout=20.0)


class PatientRack(GivenRack):
    async def number(self, owners: Any) -> Any:
        return await GenServer.call("desk", "handed in", timeout=30.0) + 1


class GivingUpRack(GivenRack):
    async def number(self, owners: Any) -> Any:
        try:
            return await GenServer.call("desk", "handed in", timeout=0.1) + 1
        except Exit:
            return len(owners) + 1


class OffByOneRack(Rack):
    async def handle_call(self, request: Any, from_: Any, owners: Any) -> Any:
        match request:
            case ("hang up", owner, number):
                return Reply(f"hook {number - 1}", [*owners, owner])
            case "coats":
                return Reply(owners, owners)


class LonelyDesk(GenServer):
    """Hangs up nothing."""

    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", _):
                return Reply(f"hook {number + 1}", number + 1)
            case "handed in":
                return Reply(number, number)


class SelfCallingDesk(Desk):
    async def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                number = await GenServer.call("desk", "handed in")
                return Reply(await GenServer.call("rack", ("hang up", owner, number + 1)), number + 1)
            case "handed in":
                return Reply(number, number)


class KeepingDesk(GenServer):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        owners = state or []
        match request:
            case ("hand in", owner):
                hook = await GenServer.call("rack", ("hang up", owner, len(owners) + 1))
                return Reply(hook, [*owners, owner])
            case "handed in":
                return Reply(len(owners), state)


class TaskDesk(GenServer):
    """Lets a task wait for the rack, which asks the desk: all get the number of that moment."""

    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                Task.start(self.hang, owner, from_)
                return NoReply(number + 1)
            case "handed in":
                return Reply(number, number)

    @staticmethod
    async def hang(owner: Any, from_: Any) -> None:
        GenServer.reply(from_, await GenServer.call("rack", ("hang up", owner)))


class NowRack(GivenRack):
    async def number(self, owners: Any) -> Any:
        return await GenServer.call("desk", "handed in")


class KnowingRack(Rack):
    async def handle_call(self, request: Any, from_: Any, owners: Any) -> Any:
        match request:
            case ("hang up", owner, number):
                return Reply(f"hook {number}" if owner in ("Ines", "Omar") else "hook 1", [*owners, owner])
            case "coats":
                return Reply(owners, owners)


class CountingRack(GivenRack):
    async def number(self, owners: Any) -> Any:
        return len(owners) + 1


class CastingDesk(GenServer):
    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                GenServer.cast("rack", ("hang up", owner))
                return Reply(f"hook {number + 1}", number + 1)
            case "handed in":
                return Reply(number, number)


class CastRack(GenServer):
    def handle_cast(self, request: Any, owners: Any) -> Any:
        match request:
            case ("hang up", owner):
                return NoReply([*owners, owner])

    def handle_call(self, request: Any, from_: Any, owners: Any) -> Any:
        match request:
            case "coats":
                return Reply(owners, owners)


class NumberedTaskDesk(GenServer):
    """A task tells the rack; two tasks may come in the other order."""

    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                Task.start(self.hang, owner, number + 1, from_)
                return NoReply(number + 1)
            case "handed in":
                return Reply(number, number)

    @staticmethod
    async def hang(owner: Any, number: int, from_: Any) -> None:
        GenServer.reply(from_, await GenServer.call("rack", ("hang up", owner, number)))


class ForwardingDesk(GenServer):
    def handle_call(self, request: Any, from_: Any, number: Any) -> Any:
        match request:
            case ("hand in", owner):
                GenServer.cast("rack", ("hang up", owner, number + 1, from_))
                return NoReply(number + 1)
            case "handed in":
                return Reply(number, number)


class ReplyingRack(Rack):
    def handle_cast(self, request: Any, owners: Any) -> Any:
        match request:
            case ("hang up", owner, number, from_):
                GenServer.reply(from_, f"hook {number}")
                return NoReply([*owners, owner])


table.wrong(ex.cloakroom, "as it was", (GivenDesk, GivenRack), "who waits for whom")
table.wrong(ex.cloakroom, "makes the time-outs longer", (PatientDesk, PatientRack), "who waits for whom")
table.wrong(ex.cloakroom, "gives up after a moment", (GivenDesk, GivingUpRack), "who waits for whom")
table.wrong(ex.cloakroom, "begins with hook 0", (Desk, OffByOneRack), "the number of a hook")
table.wrong(ex.cloakroom, "leaves the rack out", (LonelyDesk, Rack), "who hangs the coats up")
table.wrong(ex.cloakroom, "has the desk ask itself", (SelfCallingDesk, Rack), "who waits for whom")
table.wrong(ex.cloakroom, "keeps the owners at the desk", (KeepingDesk, Rack), "where the owners are kept")
table.wrong(ex.cloakroom, "lets a task wait", (TaskDesk, NowRack), "the number of a hook")
table.wrong(ex.cloakroom, "mends the desk alone", (Desk, GivenRack), "which `case` of the rack")
table.wrong(ex.cloakroom, "mends the rack alone", (GivenDesk, Rack), "which `case` of the rack")
table.wrong(ex.cloakroom, "has a task tell the rack", (NumberedTaskDesk, Rack), "may come in any order")
table.hard_coded(ex.cloakroom, "knows the owners", (Desk, KnowingRack), "another case")
table.right(ex.cloakroom, "the rack answers the customer", (ForwardingDesk, ReplyingRack))
table.right(ex.cloakroom, "the rack counts for itself", (GivenDesk, CountingRack))
table.right(ex.cloakroom, "the desk casts", (CastingDesk, CastRack))


# ---- kiosk ---------------------------------------------------------------------------------------------


class Kiosk(GenServer):
    async def init(self, start: Any) -> Any:
        printer = await start()
        Process.monitor(printer)
        return Ok(printer)

    def handle_call(self, request: Any, from_: Any, printer: Any) -> Any:
        match request:
            case "printer":
                return Reply(printer, printer)

    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case Down(_, pid, reason) if pid == printer:
                return Stop(("printer", reason), printer)
            case _:
                return NoReply(printer)


class GivenKiosk(Kiosk):
    async def init(self, start: Any) -> Any:
        Process.flag(trap_exit=True)
        return Ok(await start())

    def handle_info(self, message: Any, printer: Any) -> Any:
        return NoReply(printer)


class UntrappedKiosk(Kiosk):
    async def init(self, start: Any) -> Any:
        return Ok(await start())


class UnlinkedKiosk(Kiosk):
    async def init(self, start: Any) -> Any:
        printer = await start()
        Process.unlink(printer)
        Process.monitor(printer)
        return Ok(printer)


class AnyEndKiosk(GivenKiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case ExitSignal(_, reason):
                return Stop(("printer", reason), printer)
            case _:
                return NoReply(printer)


class TrappingKiosk(GivenKiosk):
    """Looks at the printer's end alone: nobody can ask it to end."""

    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case ExitSignal(pid, reason) if pid == printer:
                return Stop(("printer", reason), printer)
            case _:
                return NoReply(printer)


class FragileKiosk(Kiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case Down(_, pid, reason) if pid == printer:
                return Stop(("printer", reason), printer)


class AnyDownKiosk(Kiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case Down():
                return Stop("printer", printer)
            case _:
                return NoReply(printer)


class PollingKiosk(UntrappedKiosk):
    async def init(self, start: Any) -> Any:
        return Ok(await start(), Timeout(5.0))

    def handle_call(self, request: Any, from_: Any, printer: Any) -> Any:
        return Reply(printer, printer, Timeout(5.0))

    def handle_info(self, message: Any, printer: Any) -> Any:
        if not Process.alive(printer):
            return Stop("printer", printer)
        return NoReply(printer, Timeout(5.0))


class KnowingKiosk(GivenKiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case ExitSignal(_, "out of paper"):
                return Stop("out of paper", printer)
            case _:
                return NoReply(printer)


class NewPrinterKiosk(GivenKiosk):
    async def init(self, start: Any) -> Any:
        Process.flag(trap_exit=True)
        await start()
        return Ok(await start())


class ThoroughKiosk(GivenKiosk):
    """Traps exits, and decides about every one of them."""

    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case ExitSignal(pid, reason) if pid == printer or reason != "normal":
                return Stop(("ended", reason), printer)
            case _:
                return NoReply(printer)


class ExitingKiosk(Kiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case Down(_, pid, _) if pid == printer:
                raise Exit("no printer")
            case _:
                return NoReply(printer)


class AnyNormalDownKiosk(Kiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case Down(_, _, "normal"):
                return Stop("printer", printer)
            case _:
                return NoReply(printer)


class ForgottenReturnKiosk(Kiosk):
    def handle_info(self, message: Any, printer: Any) -> Any:
        match message:
            case Down(_, pid, reason) if pid == printer:
                Stop(("printer", reason), printer)
                return None
            case _:
                return NoReply(printer)


class RefKiosk(Kiosk):
    """Knows the monitor, and ends by the printer's reason, `normal` too."""

    async def init(self, start: Any) -> Any:
        printer = await start()
        return Ok((printer, Process.monitor(printer)))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state[0], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case Down(ref, _, reason) if ref == state[1]:
                return Stop(reason, state)
            case _:
                return NoReply(state)


table.wrong(ex.kiosk, "as it was", GivenKiosk, "what trapping does")
table.wrong(ex.kiosk, "only does not trap", UntrappedKiosk, "what a link does", "`normal`")
table.wrong(ex.kiosk, "monitors and is not linked", UnlinkedKiosk, "what ties the printer to the kiosk")
table.wrong(ex.kiosk, "ends with anybody", AnyEndKiosk, "whose end ends the kiosk")
table.wrong(ex.kiosk, "cannot be asked to end", TrappingKiosk, "the signal that asks the kiosk to end")
table.wrong(ex.kiosk, "has no last case", FragileKiosk, "the cases of `handle_info`")
table.wrong(ex.kiosk, "takes any Down for the printer's", AnyDownKiosk, "the cases of `handle_info`")
table.wrong(ex.kiosk, "looks every five seconds", PollingKiosk, "when the kiosk hears of the end")
table.wrong(ex.kiosk, "starts two printers", NewPrinterKiosk, "how often `start` is called")
table.wrong(ex.kiosk, "takes any normal end for the printer's", AnyNormalDownKiosk, "the cases of `handle_info`")
table.wrong(ex.kiosk, "forgets the return", ForgottenReturnKiosk, "is a `return` missing")
table.hard_coded(ex.kiosk, "knows one reason", KnowingKiosk, "what trapping does")
table.right(ex.kiosk, "ends by the printer's reason", RefKiosk)
table.right(ex.kiosk, "traps exits and decides about each", ThoroughKiosk)
table.right(ex.kiosk, "leaves by an exit", ExitingKiosk)


# ---- agency --------------------------------------------------------------------------------------------


class Agency(GenServer):
    """Right, in parts that the others change."""

    def init(self, terms: Any) -> Any:
        return Ok((terms, {}))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        (ask, limit, _), running = state
        match request:
            case "running":
                return Reply(len(running), state)
            case ("seats", _) if self.is_full(running, limit):
                return Reply(("error", "busy"), state)
            case ("seats", town):
                task = await Task.Supervisor.async_nolink("asking", ask, town)
                self.set_timer(task, town, state)
                return NoReply((state[0], running | {task.ref: from_}))

    def is_full(self, running: Any, limit: int) -> bool:
        return len(running) >= limit

    def set_timer(self, task: Any, town: Any, state: Any) -> None:
        Process.send_after(self_(), ("late", task.ref, task.pid), state[0][2])

    def handle_info(self, message: Any, state: Any) -> Any:
        running = state[1]
        match message:
            case (Ref() as ref, answer) if ref in running:
                return self.over(ref, answer, state)
            case Down(ref, _, reason) if ref in running:
                return self.failed(ref, reason, state)
            case ("late", Ref() as ref, pid) if ref in running:
                return self.late(ref, pid, state)
            case _:
                return NoReply(state)

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref], answer)
        return NoReply((state[0], {each: who for each, who in state[1].items() if each != ref}))

    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        return self.over(ref, ("error", "failed"), state)

    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        Process.exit(pid, "kill")
        return self.over(ref, ("error", "late"), state)


class NoLimitAgency(Agency):
    def is_full(self, running: Any, limit: int) -> bool:
        return False


class OneMoreAgency(Agency):
    def is_full(self, running: Any, limit: int) -> bool:
        return len(running) > limit


class NoTimerAgency(Agency):
    def set_timer(self, task: Any, town: Any, state: Any) -> None:
        pass


class LivingLateAgency(Agency):
    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        return self.over(ref, ("error", "late"), state)


class AskingToEndAgency(Agency):
    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        Process.exit(pid, "shutdown")
        return self.over(ref, ("error", "late"), state)


class FailedForLateAgency(Agency):
    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        Process.exit(pid, "kill")
        return NoReply(state)


class TwiceAgency(Agency):
    """Answers late, keeps the entry, and answers failed as well when the Down comes."""

    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref], ("error", "late"))
        Process.exit(pid, "kill")
        return NoReply(state)

    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref], ("error", "failed"))
        GenServer.reply(state[1][ref], ("error", "failed"))
        return NoReply((state[0], {each: who for each, who in state[1].items() if each != ref}))


class OnlyCrashesAgency(Agency):
    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        return NoReply(state) if reason == "normal" else super().failed(ref, reason, state)


class WaitingAgency(Agency):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        (ask, _, patience), running = state
        match request:
            case "running":
                return Reply(len(running), state)
            case ("seats", town):
                task = await Task.Supervisor.async_nolink("asking", ask, town)
                try:
                    return Reply(await Task.await_(task, timeout=patience), state)
                except Exit as exit:
                    late = isinstance(exit.reason, tuple) and exit.reason[0] == "timeout"
                    return Reply(("error", "late" if late else "failed"), state)


class QueueingAgency(Agency):
    """Whoever is too many is never answered."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        (_, limit, _), running = state
        match request:
            case ("seats", _) if len(running) >= limit:
                return NoReply(state)
        return await super().handle_call(request, from_, state)


class LeakingAgency(Agency):
    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref], ("error", "failed"))
        return NoReply(state)


class FalsyAgency(Agency):
    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        return super().over(ref, answer or ("error", "failed"), state)


class OneTimerAgency(Agency):
    """The timer knows the town, and ends whatever runs for it first."""

    def init(self, terms: Any) -> Any:
        return Ok((terms, {}))

    def set_timer(self, task: Any, town: Any, state: Any) -> None:
        Process.send_after(self_(), ("late", "any"), state[0][2])

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("late", "any") if state[1]:
                return self.over(next(iter(state[1])), ("error", "late"), state)
        return super().handle_info(message, state)


class KnowingAgency(Agency):
    def set_timer(self, task: Any, town: Any, state: Any) -> None:
        Process.send_after(self_(), ("late", task.ref, task.pid), 20.0)


class MonitoringAgency(GenServer):
    """By hand: spawned and monitored, the answer as an exit reason of its own make."""

    def init(self, terms: Any) -> Any:
        return Ok((terms, {}))

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        (ask, limit, patience), running = state
        match request:
            case "running":
                return Reply(len(running), state)
            case ("seats", _) if len(running) == limit:
                return Reply(("error", "busy"), state)
            case ("seats", town):
                pid, ref = spawn_monitor(asks, ask, town)
                timer = Process.send_after(self_(), ("over", pid), patience)
                return NoReply((state[0], running | {ref: (from_, pid, timer)}))

    def handle_info(self, message: Any, state: Any) -> Any:
        terms, running = state
        match message:
            case Down(ref, _, reason) if ref in running:
                from_, _, timer = running[ref]
                Process.cancel_timer(timer)
                match reason:
                    case ("answer", answer):
                        pass
                    case "killed" if Process.read_timer(timer) is None and self.is_late(timer, running):
                        answer = ("error", "late")
                    case _:
                        answer = ("error", "failed")
                GenServer.reply(from_, answer)
                return NoReply((terms, {each: who for each, who in running.items() if each != ref}))
            case ("over", pid):
                late = {
                    ref: (from_, each, "late" if each == pid else timer)
                    for ref, (from_, each, timer) in running.items()
                }
                gone = [ref for ref, (_, each, _) in late.items() if each == pid]
                for ref in gone:
                    GenServer.reply(late[ref][0], ("error", "late"))
                    Process.exit(pid, "kill")
                return NoReply((terms, {ref: who for ref, who in running.items() if ref not in gone}))
            case _:
                return NoReply(state)

    @staticmethod
    def is_late(timer: Any, running: Any) -> bool:
        return False


async def asks(ask: Any, town: Any) -> None:
    raise Exit(("answer", await ask(town)))


class ShutdownAgency(Agency):
    """A keeper for each question, with Task.yield_ and Task.shutdown."""

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        (ask, limit, patience), running = state
        match request:
            case "running":
                return Reply(len(running), state)
            case ("seats", _) if len(running) >= limit:
                return Reply(("error", "busy"), state)
            case ("seats", town):
                _, ref = spawn_monitor(limited, ask, town, patience, from_)
                return NoReply((state[0], running | {ref: from_}))

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case Down(ref, _, _):
                return NoReply((state[0], {each: who for each, who in state[1].items() if each != ref}))
            case _:
                return NoReply(state)


async def limited(ask: Any, town: Any, patience: Any, from_: Any) -> None:
    task = await Task.Supervisor.async_nolink("asking", ask, town)
    outcome = await Task.yield_(task, timeout=patience) or await Task.shutdown(task, "brutal_kill")
    match outcome:
        case Ok(answer):
            GenServer.reply(from_, answer)
        case None:
            GenServer.reply(from_, ("error", "late"))
        case _:
            GenServer.reply(from_, ("error", "failed"))


class UnguardedAgency(Agency):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case ("late", Ref() as ref, pid):
                return self.late(ref, pid, state)
        return super().handle_info(message, state)


class KilledIsLateAgency(Agency):
    """Kills what is late, and takes every kill for its own."""

    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        Process.exit(pid, "kill")
        return NoReply(state)

    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        return self.over(ref, ("error", "late" if reason == "killed" else "failed"), state)


class TaskAgency(Agency):
    """Keeps the task, and has `Task.shutdown` end what is late."""

    how: ClassVar[Any] = "brutal_kill"

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        (ask, limit, patience), running = state
        match request:
            case ("seats", town) if len(running) < limit:
                task = await Task.Supervisor.async_nolink("asking", ask, town)
                Process.send_after(self_(), ("over", task.ref), patience)
                return NoReply((state[0], running | {task.ref: (from_, task)}))
        return await super().handle_call(request, from_, state)

    async def handle_info(self, message: Any, state: Any) -> Any:  # type: ignore[override]
        running = state[1]
        match message:
            case ("over", Ref() as ref) if ref in running:
                await Task.shutdown(running[ref][1], self.how)
                return self.over(ref, ("error", "late"), state)
        return super().handle_info(message, state)

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref][0], answer)
        return NoReply((state[0], {each: who for each, who in state[1].items() if each != ref}))


class PoliteAgency(TaskAgency):
    """Asks what is late to end, and waits in the callback until it has."""

    how = 5.0


class LateUntilDownAgency(Agency):
    """Answers late, and keeps the entry, without its caller, until the Down."""

    def late(self, ref: Any, pid: Any, state: Any) -> Any:
        GenServer.reply(state[1][ref], ("error", "late"))
        Process.exit(pid, "kill")
        return NoReply((state[0], state[1] | {ref: None}))

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        if state[1][ref] is not None:
            GenServer.reply(state[1][ref], answer)
        return NoReply((state[0], {each: who for each, who in state[1].items() if each != ref}))


table.wrong(ex.agency, "has no limit", NoLimitAgency, "as many run as may")
table.wrong(ex.agency, "lets one more run", OneMoreAgency, "as many run as may")
table.wrong(ex.agency, "has no patience to lose", NoTimerAgency, "the time is over")
table.wrong(ex.agency, "lets what is late go on", LivingLateAgency, "what ends an `ask` that is late")
table.wrong(ex.agency, "asks what is late to end", AskingToEndAgency, "what ends an `ask` that is late", "traps exits")
table.wrong(ex.agency, "says failed for late", FailedForLateAgency, "the time is over")
table.wrong(ex.agency, "answers twice", TwiceAgency, "how often a question is answered")
table.wrong(ex.agency, "takes normal for an answer", OnlyCrashesAgency, "ended without an answer")
table.wrong(ex.agency, "waits in the callback", WaitingAgency, "which process waits")
table.wrong(ex.agency, "lets the surplus wait", QueueingAgency, "as many run as may")
table.wrong(ex.agency, "keeps what has failed", LeakingAgency, "what is in the state")
table.wrong(ex.agency, "takes None for a failure", FalsyAgency, "None too")
table.wrong(ex.agency, "has timers that know no question", OneTimerAgency, "which question the message of a timer")
table.wrong(ex.agency, "has a timer end what is over", UnguardedAgency, "a timer's say")
table.wrong(ex.agency, "takes every kill for its own", KilledIsLateAgency, "not a kill, which may come from anybody")
table.wrong(ex.agency, "waits for what is late to end", PoliteAgency, "its time was over", "which process waits")
table.hard_coded(ex.agency, "knows the shown patience", KnowingAgency, "another case")
table.right(ex.agency, "shuts the task down", TaskAgency)
table.right(ex.agency, "keeps what is late until its Down", LateUntilDownAgency)
table.right(ex.agency, "monitors by itself", MonitoringAgency)
table.right(ex.agency, "has a keeper for each question", ShutdownAgency)

"""The checks of chapter 01, let it crash.

Most of what they judge is written by hand: the functions of plain processes. Each docstring says in its first
line what "ok" claims, and then what the check demands: the text of the exercise has to say all of it. What is
given is the numbers of the first case; each check runs at least one other case besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from .. import (
    Down,
    Exit,
    GenServer,
    Pid,
    Process,
    StartError,
    current_node,
    receive,
    self_,
    send,
    spawn,
    spawn_link,
    sys_,
)
from ..errors import describe_reason
from .checking import NotYet, expect
from .comparing import same
from .looking import answered, kept_in_the_state, not_started, so_far, turns_of, unknown_request, with_other_numbers

A_WHILE: Final = 0.1
"""Virtual seconds in which a process that has something to do does it."""


# ---- processes written by hand ---------------------------------------------------------------------


def _spawned(function: Any, *arguments: Any) -> Pid:
    """A process of the reader's, watched so that its end can be told."""
    pid = spawn(function, *arguments)
    Process.monitor(pid)
    return pid


async def _end_of(pid: Pid) -> Any:
    """The reason with which a watched process has ended by now, or None if it lives.

    Raises:
        NotImplementedError: it did not get beyond the stub of the exercise.
    """
    down = await receive(lambda message: type(message) is Down and message.pid is pid, timeout=A_WHILE)
    if not isinstance(down, Down):
        return None
    if isinstance(down.reason, NotImplementedError):
        raise down.reason
    return down.reason


async def _expect_alive(pid: Pid, done: str, idea: str) -> None:
    reason = await _end_of(pid)
    if reason is not None:
        raise NotYet(done, f"the process has ended: {describe_reason(reason)}", "it lives on", idea)


async def _plain(timeout: float = A_WHILE) -> Any:
    """The next message that is no news of an end, or "timeout"."""
    return await receive(lambda message: type(message) is not Down, timeout=timeout)


# ---- drills ------------------------------------------------------------------------------------------


async def likes(likes: Any, first: int = 0, steps: tuple[int, ...] = (3, 4)) -> None:
    """Likes are added up, asking changes nothing, and each process has its own total.

    Demands: ``("like", n)`` is answered by nothing, ``("total", asker)`` by ``("total", number)``, sent to the
    asker in it; the process lives on after every message; two at the same time share nothing.
    """
    await _one_count(likes, first, steps)
    await _two_counts(likes)
    await _long_life(likes)
    await _strays(likes)
    await with_other_numbers(_one_count, ((likes, first, steps), (likes, 17, (4, -1, 4))))


_NO_HURRY: Final = "what it waits for: a `receive` without `timeout` waits for as long as it takes"
_LOOP: Final = (
    "what a function does when it has reached its end: the process ends too. Is there a loop round `receive`?"
)


async def _one_count(likes: Any, first: int, steps: tuple[int, ...]) -> None:
    pid = _spawned(likes, first)
    done = f"a process that began at {first} was asked for its total"
    await _expect_total(pid, first, done, "the message that asks: its second part is the pid to which the answer goes")
    await _expect_alive(pid, done, _LOOP)
    for step in steps:
        send(pid, ("like", step))
    told = " and ".join(map(str, steps))
    await _expect_alive(pid, f"likes were sent: {told}", _LOOP)
    seen = await _plain()
    expect(f"likes were sent: {told}; what came back?", seen, "timeout", "which of the two messages wants an answer")
    total = first + sum(steps)
    for _ in range(2):
        done = f"a process that began at {first} was sent the likes {told}, and asked for its total"
        idea = "where the number lives from one round to the next, and which message changes it"
        await _expect_total(pid, total, done, idea)


async def _strays(likes: Any) -> None:
    """Anybody who knows the pid can send anything."""
    pid = _spawned(likes, 5)
    for stray in ("hello", ("like",), ("unlike", 3), None):
        send(pid, stray)
        idea = "what becomes of a message that is neither a like nor a question: it is no reason to end"
        await _expect_alive(pid, f"a stray message was sent: {stray!r}", idea)
    await _expect_total(pid, 5, "stray messages were sent, and then the question", "which messages change the number")


async def _expect_total(pid: Pid, total: int, done: str, idea: str) -> None:
    """Ask twice over: once with the pid of a helper in the message, who is no one else's acquaintance."""
    home = self_()

    async def helper() -> None:
        send(pid, ("total", self_()))
        send(home, ("for the helper", await receive(timeout=A_WHILE), await receive(timeout=A_WHILE / 2)))

    spawn(helper)
    seen = await receive(timeout=2 * A_WHILE)
    while isinstance(seen, Down):
        if isinstance(seen.reason, NotImplementedError):
            raise seen.reason
        if isinstance(seen.reason, BaseException):
            what = f"the process ended: {describe_reason(seen.reason)}"
            raise NotYet(done, what, f"('total', {total})", "the line that the log names")
        seen = await receive(timeout=2 * A_WHILE)
    if not (isinstance(seen, tuple) and seen[:1] == ("for the helper",)):
        raise NotYet(done, f"{seen!r} came to another process", "an answer to the asker alone", idea)
    _, answer, second = seen
    if answer == "timeout":
        raise NotYet(done, "no message", repr(("total", total)), _no_answer(pid, idea))
    if same(answer, total):
        idea = 'the form of the answer: it is a pair of the word "total" and the number'
    expect(done, answer, ("total", total), idea)
    if not same(second, "timeout"):
        raise NotYet(done, f"a second message, {second!r}", "one answer", "how often `send` runs for one question")


async def _long_life(likes: Any) -> None:
    """A process bears ten minutes of silence and two hundred messages."""
    pid = _spawned(likes, 0)
    await Process.sleep(600.0)
    await _expect_alive(pid, "nothing was sent for ten minutes", _NO_HURRY)
    for _ in range(200):
        send(pid, ("like", 1))
    await _expect_alive(pid, "two hundred likes were sent", _LOOP)
    done = "two hundred likes of 1 were sent to a process that began at 0, and the total was asked"
    await _expect_total(pid, 200, done, "how many rounds the loop has: it goes on for as long as messages come")


def _no_answer(pid: Pid, idea: str) -> str:
    if not Process.alive(pid):
        return _LOOP
    return f"{idea}. `send` puts the answer into a mailbox; `return` and `print` send nothing"


async def _two_counts(likes: Any) -> None:
    one, other = _spawned(likes, 0), _spawned(likes, 100)
    for pid, step in ((one, 2), (other, 3), (one, 4)):
        send(pid, ("like", step))
    done = "two processes, begun at 0 and 100, were sent the likes 2, 3 and again 4 in turns; the {} was asked"
    idea = "where the number is kept. A global of Python is shared by all; a variable of the function belongs to one"
    await _expect_total(one, 6, done.format("first"), idea)
    await _expect_total(other, 103, done.format("second"), idea)


_WORDS: Final = "link, trapping or monitor: which of them touches neither of the two processes?"


async def last_words(last_words: Any, reason: object = "disk full") -> None:
    """Every reason is told, also of the dead, and neither of the two processes takes the other along.

    Demands: it returns when the process has ended, with the exit reason, ten minutes later too; ``"noproc"`` for one
    that was dead before; the caller's other messages stay, also the end of another process that it watched;
    ``normal`` is told like any other reason, and a reason that is no text as it is.
    """
    for told in (reason, "normal", "shutdown", "worn out", ("moved", 2)):
        await _one_end(last_words, told, 600.0)
    await _of_the_dead(last_words)
    await _caller_ends_first(last_words)
    await _beside_an_older_end(last_words)


class _Asked:
    """Somebody who asks for the last words of a process, and tells what came of it."""

    def __init__(self, last_words: Any, pid: Pid, done: str, older: Pid | None = None) -> None:
        self.letters: list[Any] = []
        self.traps = False
        home = self_()

        async def ask() -> None:
            if older is not None:
                Process.monitor(older)
                await Process.sleep(A_WHILE)
            try:
                send(home, ("returned", await answered(last_words(pid), done)))
            except (NotYet, Exit, Exception) as error:
                send(home, ("raised", error))
            self.traps = bool((Process.info(self_()) or {}).get("trap_exit"))
            while (letter := await receive(timeout=A_WHILE)) != "timeout":
                self.letters.append(letter)

        self.pid = _spawned(ask)

    async def outcome(self, done: str, hoped: object) -> Any:
        """What was returned; whoever ended over it is told."""
        answer = await receive(timeout=1.0)
        if isinstance(answer, Down) and answer.pid is self.pid:
            seen = f"the caller ended with it: {describe_reason(answer.reason)}"
            raise NotYet(done, seen, repr(hoped), _WORDS)
        if answer == "timeout":
            raise NotYet(done, "`last_words` did not return", repr(hoped), f"what it waits for, and: {_WORDS}")
        kind, value = answer
        if kind == "raised":
            raise value
        return value


async def _one_end(last_words: Any, reason: object, after: float) -> None:
    async def patient() -> None:
        raise Exit(await receive(lambda message: message == reason))

    pid = spawn(patient)
    done = f"a process ended with {reason!r} ten minutes after `last_words` was called"
    asked = _Asked(last_words, pid, done)
    for letter in (("a letter", 1), "a letter"):
        send(asked.pid, letter)
    early = await receive(timeout=after)
    if early != "timeout":
        if isinstance(early, tuple) and early[0] == "raised":
            raise early[1]
        raise NotYet(done, "it returned, or ended, before that", "a wait for the end", "what it is that it receives")
    if turns_of(asked.pid) > 8:
        idea = "how it learns of the end. To ask again and again is work for nothing: a monitor tells once"
        raise NotYet(done, "it asked again and again", "a wait for one message", idea)
    send(pid, reason)
    seen = await asked.outcome(done, reason)
    idea = "what the message of a monitor holds: the reason is one part of it, and is returned as it is"
    expect(f"{done}; what did it return?", seen, reason, idea)
    await Process.sleep(1.0)
    idea = "which message it takes. `receive(Down)` takes the first of that class, and leaves the others where they are"
    expect("two letters had come meanwhile; who has them?", asked.letters, [("a letter", 1), "a letter"], idea)
    if asked.traps:
        raise NotYet(done, "the caller traps exits from now on", "a caller that is as it was", _WORDS)
    await _forget_ends()


async def _of_the_dead(last_words: Any) -> None:
    async def nothing() -> None: ...

    pid = spawn(nothing)
    await Process.sleep(A_WHILE)
    done = "a process had ended before `last_words` was called"
    asked = _Asked(last_words, pid, done)
    idea = "what a monitor of a dead process is told: the message comes at once, and its reason is what is returned"
    expect(done, await asked.outcome(done, "noproc"), "noproc", idea)
    await Process.sleep(1.0)
    await _forget_ends()


async def _caller_ends_first(last_words: Any) -> None:
    async def long_life() -> None:
        await receive()

    pid = spawn(long_life)
    asked = _Asked(last_words, pid, "the caller was ended while it waited")
    await Process.sleep(A_WHILE)
    Process.exit(asked.pid, "kill")
    await Process.sleep(A_WHILE)
    if not Process.alive(pid):
        raise NotYet("the caller was ended while it waited", "the other process ended too", "it lives on", _WORDS)
    Process.exit(pid, "kill")
    await _forget_ends()


async def _beside_an_older_end(last_words: Any) -> None:
    """The caller has the message of another monitor in its mailbox, and has not looked at it yet."""

    async def ends(reason: str) -> None:
        await Process.sleep(A_WHILE / 2)
        raise Exit(reason)

    async def ends_later() -> None:
        await Process.sleep(60.0)
        raise Exit("the one that was asked for")

    done = "the caller's mailbox held the `Down` of another process already"
    asked = _Asked(last_words, spawn(ends_later), done, older=spawn(ends, "another one"))
    await Process.sleep(120.0)
    idea = "which `Down` it takes: each has the reference that its own `Process.monitor` returned"
    seen = await asked.outcome(done, "the one that was asked for")
    expect(f"{done}; what did it return?", seen, "the one that was asked for", idea)
    left = [letter.reason for letter in asked.letters if isinstance(letter, Down)]
    expect(f"{done}; which ends does it still hold?", left, ["another one"], idea)
    await _forget_ends()


async def _forget_ends() -> None:
    while await receive(Down, timeout=0.0) != "timeout":
        pass


async def views(Views: Any, photo: str = "cat.jpg", before: int = 0) -> None:
    """Each photo has its own number, asking changes nothing, and each server has its own photos.

    Demands: the state is a dict, given at the start; ``("view", photo)`` answers the new number, ``("views",
    photo)`` the number, 0 for an unknown photo; any other call is not answered with a number.
    """
    await with_other_numbers(_one_album, ((Views, photo, before), (Views, "sofa.png", 41)))
    pid = await _started(Views, {photo: 5})
    other = await _started(Views, {photo: 5})
    await GenServer.call(pid, ("view", photo))
    idea = "where the numbers are kept: in the state that a callback gets and returns, which belongs to one server"
    expect("two servers; one view at the first. The second?", await GenServer.call(other, ("views", photo)), 5, idea)
    await kept_in_the_state(pid, other, "server", lambda server: GenServer.call(server, ("views", photo)), 6)
    for strange in (("veiws", photo), "views", ("view", photo, 2)):
        server = await _started(Views, {photo: 5})
        await unknown_request(server, strange, lambda answer: issubclass(type(answer), int) or answer is None)


async def _started(server: Any, argument: object) -> Pid:
    pid = await answered(server.start(argument), "the server was started")
    if pid is None:
        raise NotYet("the server was started", "Ignore()", "a process", "what `init` returns: Ok(state)")
    return pid  # type: ignore[no-any-return]


_ASKING: Final = 'the state that `"views"` returns: to ask for the number leaves it as it is'


async def _one_album(Views: Any, photo: str, before: int) -> None:
    pid = await _started(Views, {photo: before, "dog.jpg": 2} if before else {})
    asked = [await GenServer.call(pid, ("views", photo)) for _ in range(2)]
    known = same(asked[0], before)
    idea = _ASKING if known else "the number of a photo that was viewed before, and of one that was not"
    expect(f'"{photo}" had {before} views; ("views", "{photo}") was asked twice', asked, [before] * 2, idea)
    seen = [await GenServer.call(pid, ("view", photo)) for _ in range(3)]
    forgets = same(seen, [before + 1] * 3)
    idea = (
        "the second value of `Reply`: the next request gets what this one returned as its state"
        if forgets
        else 'which of the two values of `Reply` goes to the caller: "view" answers the new number'
    )
    expect(f'"{photo}" had {before} views and was viewed three times', seen, [before + n for n in (1, 2, 3)], idea)
    asked = [await GenServer.call(pid, ("views", photo)) for _ in range(2)]
    expect("its number was asked for twice", asked, [before + 3] * 2, _ASKING)
    rest = [await GenServer.call(pid, ("views", name)) for name in ("dog.jpg", "owl.png")]
    idea = "what becomes of the other photos when one is viewed: each has a number of its own, in the same dict"
    expect("two other photos were asked for", rest, [2 if before else 0, 0], idea)


async def start_counters(start_counters: Any, names: tuple[str, ...] = ("sea", "snow")) -> None:
    """Each counter that ends is there again under its name, and no other counter is touched.

    Demands: a supervisor called "albums", whose pid is returned, with one counter for each name; after an end by
    any reason, ``normal`` too, only that counter is new, and it begins again.
    """
    await with_other_numbers(_one_tree, ((start_counters, names), (start_counters, ("north", "sea", "woods"))))


async def _one_tree(start_counters: Any, names: tuple[str, ...]) -> None:
    Process.flag(trap_exit=True)
    done = f"`start_counters` was called with the names {', '.join(names)}"
    try:
        albums = await answered(start_counters(list(names)), done)
    except StartError as error:
        raise not_started(error) from None
    if albums is None:
        raise NotYet(done, "None", "the pid of the supervisor", "what the function returns")
    idea = "the supervisor's own name, and what is returned: its pid"
    expect(f'{done}; is what it returned called "albums"?', albums is Process.whereis("albums"), True, idea)
    missing = [name for name in names if Process.whereis(name) is None]
    idea = "the list of children: one for each name, whatever the names are and however many"
    expect(f"{done}; which counters are missing?", missing, [], idea)
    for reason in ("kill", "shutdown", "normal"):
        for name in names:
            await _end_one(names, name, reason)
    await _stop(albums)


async def _end_one(names: Sequence[str], name: str, reason: str) -> None:
    for each in names:
        await GenServer.call(each, "add")
    before = {each: Process.whereis(each) for each in names}
    done = f'"{name}" was ended with {reason!r}'
    await _ended(name, reason)
    gone = [each for each in names if Process.whereis(each) is None]
    expect(f"{done}; who is missing a second later?", gone, [], _gone())
    new = [each for each in names if Process.whereis(each) is not before[each]]
    idea = "the strategy: it says who else is started again when one has ended"
    expect(f"{done}; who is new?", new, [name], idea)
    await Process.sleep(6.0)  # the next end is to be one of its own for the supervisor's count


async def _ended(name: str, reason: str) -> None:
    """End a server, quietly by a stop and otherwise by a signal, and give its supervisor a second."""
    pid = Process.whereis(name)
    if reason == "normal":
        await GenServer.stop(name)
    elif pid is not None:
        Process.exit(pid, reason)
    await Process.sleep(1.0)


_NEXT: Final = "who starts the next one: a supervisor does, of each child in its list, if the child is permanent"


def _gone() -> str:
    if Process.whereis("albums") is None:
        return "whether the supervisor is still there. It must not end with what it started"
    return _NEXT


async def _stop(pid: Pid) -> None:
    """End a tree; the exit signal of its root, which is linked to the check, is taken from the mailbox."""
    Process.unlink(pid)
    watch = Process.monitor(pid)
    Process.exit(pid, "shutdown")
    if not isinstance(await receive(lambda m: type(m) is Down and m.ref == watch, timeout=5.0), Down):
        Process.exit(pid, "kill")
    await Process.sleep(A_WHILE)


# ---- repairs -----------------------------------------------------------------------------------------


async def mended_keep(keep: Any, reasons: tuple[object, ...] = ("disk full", "disk full", "kill")) -> None:
    """After every end there is another process, one at a time, and the keeper ends when others want it to.

    Demands: ``start()`` is called at once and after each end, by whatever reason and at whatever time, never
    while the process lives, and nobody polls; a signal of anybody else ends the keeper with its reason, and the
    process with it, unless the reason is normal.
    """
    await with_other_numbers(_one_keeper, ((keep, reasons), (keep, ("normal", "shutdown", "worn out") * 3)))
    for reason in ("shutdown", "moved", "normal"):
        await _keeper_is_ended(keep, reason)


class _Kept:
    """A keeper with what it has started."""

    def __init__(self, keep: Any) -> None:
        self.started: list[Pid] = []

        async def work() -> None:
            while True:
                await receive()

        def start() -> Pid:
            self.started.append(spawn_link(work))
            return self.started[-1]

        self.pid = _spawned(keep, start)

    def alive(self) -> list[Pid]:
        return [pid for pid in self.started if Process.alive(pid)]


_KEPT: Final = "what turns a signal into a message, and how often the keeper waits for one"


async def _one_keeper(keep: Any, reasons: tuple[object, ...]) -> None:
    kept = _Kept(keep)
    reason = await _end_of(kept.pid)
    if isinstance(reason, Exception):
        raise reason
    expect("the keeper was spawned; how many processes has it started?", len(kept.started), 1, "when the first is due")
    for number, reason in enumerate(reasons, start=1):
        done = f"the process was ended {number} time{'s' * (number > 1)}, now by {reason!r}"
        _end(kept.started[-1], reason)
        await Process.sleep(A_WHILE)
        if not Process.alive(kept.pid):
            idea = _KEPT if number == 1 else f"{_KEPT}. An end by {reason!r} is an end like any other"
            raise NotYet(done, "the keeper ended too", "it lives on, and has started another", idea)
        alive = len(kept.alive())
        idea = _KEPT if alive == 0 else "when it starts another: only when the one before has ended"
        expect(f"{done}; how many run now?", alive, 1, idea)
        await _keeper_rests(kept.pid)
    send(kept.pid, "a letter")
    await Process.sleep(A_WHILE)
    idea = "which messages the keeper takes for an end. Anybody can send it anything"
    expect("the keeper was sent a letter; how many run now?", len(kept.alive()), 1, idea)
    Process.exit(kept.pid, "kill")
    await Process.sleep(A_WHILE)
    idea = "the link between the two: it has to be there as long as both live"
    expect("the keeper was killed; how many run now?", len(kept.alive()), 0, idea)
    await _forget_ends()


async def _keeper_rests(keeper: Pid) -> None:
    turns = turns_of(keeper)
    await Process.sleep(60.0)
    if turns_of(keeper) - turns > 2:
        idea = f"{_KEPT}. To ask again and again is work for nothing"
        done = "nothing happened for a minute"
        raise NotYet(done, "the keeper asked again and again", "a wait for one message", idea)


def _end(pid: Pid, reason: object) -> None:
    """End a process by a signal, or, where that would be ignored, have it come to its end by itself."""
    if reason != "normal":
        Process.exit(pid, reason)
        return
    block = pid.block
    assert block is not None
    block.thrown = Exit("normal")
    block.node.wake(block)


async def _keeper_is_ended(keep: Any, reason: str) -> None:
    kept = _Kept(keep)
    await Process.sleep(A_WHILE)
    done = f"somebody else sent the keeper an exit signal with the reason {reason!r}"
    Process.exit(kept.pid, reason)
    seen = await _end_of(kept.pid)
    idea = "whose signal it is. The pid in it says so: not every signal comes from the process that is kept"
    if seen is None:
        raise NotYet(done, f"it lives on, and {len(kept.alive())} processes run", "its end", idea)
    expect(f"{done}; with which reason did it end?", seen, reason, idea)
    await Process.sleep(A_WHILE)
    if reason == "normal":  # such an end takes nobody along
        for pid in kept.alive():
            Process.exit(pid, "kill")
        return
    idea = "what becomes of the process when its keeper ends: over the link it ends too, unless the reason is normal"
    expect(f"{done}; how many processes are left?", len(kept.alive()), 0, idea)


async def mended_till(till: Any, amounts: tuple[int, ...] = (250, 100)) -> None:
    """A declined payment changes nothing, and what nobody has thought of ends the till, unanswered.

    Demands: "ok" and "declined" to the asker of each payment; the pair of sums is right after any number of
    both; a payment of any other kind ends the till with an exception and without an answer.
    """
    await with_other_numbers(_one_till, ((till, amounts), (till, (1, 2, 0, 40))))
    for strange in ("12", [5], b"7"):
        await _strange_payment(till, strange)


async def _one_till(till: Any, amounts: tuple[int, ...]) -> None:
    pid, sums = _spawned(till, 2, 50), (2, 50)
    for amount in amounts:
        await _expect_paid(pid, amount, "ok", sums)
        sums = (sums[0] + 1, sums[1] + amount)
        await _expect_sums(pid, sums, f"a till with {sums[0] - 1} payments was paid {amount}")
        await _expect_paid(pid, None, "declined", sums)
        await _expect_sums(pid, sums, "a payment was declined")
    await Process.sleep(600.0)
    await _expect_alive(pid, "nothing was paid for ten minutes", _NO_HURRY)
    await _expect_sums(pid, sums, "nothing was paid for ten minutes")
    await _forget_ends()


async def _expect_paid(pid: Pid, amount: int | None, answer: str, sums: tuple[int, int]) -> None:
    send(pid, ("paid", self_(), amount))
    seen = await _plain()
    done = f"a payment of {amount} was sent to a till with the sums {sums}"
    await _expect_alive(pid, done, "which faults are expected. A declined payment is, and is answered with a value")
    idea = "the `case` of the declined payment, and which case comes first: Python takes the first that fits"
    if amount == 0:
        idea = "what a declined payment is: `None`. A payment of 0 cents is a payment; `not 0` is true as well"
    expect(f"{done}; what is the answer?", seen, answer, idea)


async def _expect_sums(pid: Pid, sums: tuple[int, int], done: str) -> None:
    send(pid, ("sum", self_()))
    idea = "what has changed when the addition fails: the lines before it have run already"
    expect(f"{done}; what are the sums?", await _plain(), sums, idea)


async def _strange_payment(till: Any, strange: object) -> None:
    pid = _spawned(till, 2, 50)
    send(pid, ("paid", self_(), strange))
    answer, reason = await _plain(), await _end_of(pid)
    done = f"a payment of {strange!r} was sent"
    if not same(answer, "timeout"):
        idea = "which answer is true. Nobody has thought of such a payment, so nobody knows what to say to it"
        raise NotYet(done, f"the answer {answer!r}", "no answer", idea)
    if reason is None:
        idea = (
            "what is done with a fault that nobody has thought of. A till that goes on hides it: whatever is caught, "
            "or fits no `case`, is seen by nobody"
        )
        raise NotYet(done, "the till lives on", "its end with an exception", idea)
    if not isinstance(reason, BaseException):
        idea = "with what it ends. `return` and a quiet exit leave no report; an exception does, and names the line"
        raise NotYet(done, f"the till has ended: {describe_reason(reason)}", "an exception", idea)


# ---- the design --------------------------------------------------------------------------------------

ENDS: Final[tuple[tuple[str, str], ...]] = (
    ("reckoner", "kill"), ("shelf", "kill"), ("reckoner", "normal"), ("shelf", "shutdown"), ("shelf", "normal"),
)  # fmt: skip


async def start_reckoning(start_reckoning: Any, photos: tuple[int, ...] = (300, 20, 5)) -> None:
    """Shelf and reckoner agree a second after every end, and the end of the reckoner loses no photo.

    Demands: the two under a supervisor called "reckoning"; the answers of the text; whichever of the two ends,
    by a kill, a shutdown or a quiet end, both are there and agree after a second; nobody sends anything meanwhile.
    """
    await with_other_numbers(_one_service, ((start_reckoning, photos), (start_reckoning, (1, 2, 4, 800))))


async def _one_service(start_reckoning: Any, photos: tuple[int, ...]) -> None:
    Process.flag(trap_exit=True)
    done = "`start_reckoning` was called"
    try:
        root = await answered(start_reckoning(), done)
    except StartError as error:
        raise not_started(error) from None
    idea = "the supervisor's own name, and what is returned: its pid"
    is_root = root is not None and root is Process.whereis("reckoning")
    expect(f'{done}; is what it returned called "reckoning"?', is_root, True, idea)
    missing = [name for name in ("shelf", "reckoner") if Process.whereis(name) is None]
    expect(f"{done}; who is missing?", missing, [], "the list of children, and the name under which each is started")
    await _filled(photos)
    for name, reason in ENDS:
        await _end_and_compare(name, reason, photos)
    await _nobody_talks()
    await _stop(root)


async def _asked(request: object, done: str) -> Any:
    """What the reckoner answers; an exit says that it was not there, or ended over it."""
    try:
        return await GenServer.call("reckoner", request)
    except Exit as error:
        found = error.reason[0] if isinstance(error.reason, tuple) else error.reason
        if isinstance(found, Exception):
            raise found from None
        idea = "why the reckoner is not there, or does not answer: the log says it if it crashed"
        raise NotYet(done, f"the call exited: {describe_reason(found)}", "an answer", idea) from None


async def _filled(photos: tuple[int, ...]) -> None:
    """Put the photos on the shelf, one by one, with a broken upload between them."""
    for number, kb in enumerate(photos):
        done = f'("add", {kb}) was sent to the reckoner'
        answer = await (_asked(("add", kb), done) if number else _asked_while_the_shelf_is_busy(kb))
        expect(done, answer, "ok", "what an upload is answered when it lies on the shelf")
        done = '("add", None) was sent to the reckoner'
        broken = await _asked(("add", None), done)
        expect(done, broken, ("error", "broken off"), "the broken upload: it is expected, and answered with a value")
    for unfit in ("300 KB", 2.5):
        await _unfit(unfit)
    on_shelf = await GenServer.call("shelf", "all")
    idea = "where the photos are kept: on the shelf, and a broken upload is none"
    expect("all were added; what lies on the shelf?", sorted(on_shelf), sorted(photos), idea)
    await _expect_agreement("all were added")


async def _asked_while_the_shelf_is_busy(kb: int) -> Any:
    """What an upload is answered by a shelf that takes nothing for a second."""
    shelf, done = Process.whereis("shelf"), f'("add", {kb}) was sent to the reckoner, and the shelf was busy'
    assert shelf is not None
    home = self_()

    async def uploads() -> None:
        try:
            send(home, ("uploaded", await _asked(("add", kb), done)))
        except (NotYet, Exception) as error:
            send(home, ("failed", error))

    def is_told(message: object) -> bool:
        return isinstance(message, tuple) and message[:1] in (("uploaded",), ("failed",))

    await sys_.suspend(shelf)
    spawn(uploads)
    early = await receive(is_told, timeout=1.0)
    await sys_.resume(shelf)
    told = await receive(is_told) if early == "timeout" else early
    if told[0] == "failed":
        raise told[1]
    await Process.sleep(A_WHILE)
    if early != "timeout" and same(told[1], "ok") and kb in await GenServer.call("shelf", "all"):
        idea = 'when "ok" is true: when the shelf has answered. A `cast` or another process has not put it there yet'
        raise NotYet(done, "the answer 'ok', before the photo lay there", "an answer after that", idea)
    return told[1]


_APART: Final = "whether the end of the reckoner ends the shelf as well. A link goes both ways, and so may a strategy"


async def _unfit(kb: object) -> None:
    """Add what is no whole number: it may crash the reckoner, and must not get onto the shelf."""
    done, shelf = f'("add", {kb!r}) was sent to the reckoner', Process.whereis("shelf")
    try:
        answer = await GenServer.call("reckoner", ("add", kb))
    except Exit:
        answer = "an exit"
    await Process.sleep(6.0)
    if Process.whereis("reckoner") is None:
        raise NotYet(done, "it ended, and did not come back", "another reckoner", _NEXT)
    if Process.whereis("shelf") is not shelf:
        raise NotYet(done, "the shelf ended too, and the photos with it", "the shelf as it was", _APART)
    on_shelf = await GenServer.call("shelf", "all")
    idea = "what is looked at before a photo gets onto the shelf. Once there, it is met by each reckoner that adds up"
    expect(f"{done}; does it lie on the shelf?", kb in on_shelf, False, idea)
    expect(f"{done}; was it answered by 'ok'?", same(answer, "ok"), False, idea)


async def _expect_agreement(done: str) -> None:
    on_shelf = await GenServer.call("shelf", "all")
    seen = await _asked("sum", f'{done}, and "sum" was asked')
    hoped = (len(on_shelf), sum(on_shelf))
    idea = "what the reckoner remembers of the shelf, and who tells it when that is no longer true"
    if not on_shelf and not same(seen, hoped):
        idea = "what the reckoner remembers of a shelf that is gone. The new one is empty: who tells the reckoner?"
    elif same(seen, (0, 0)):
        idea = "what a new reckoner's `init` knows. It starts at nothing, and the photos still lie on the shelf"
    expect(f"{done}; what is the sum of what lies on the shelf?", seen, hoped, idea)


async def _end_and_compare(name: str, reason: str, photos: tuple[int, ...]) -> None:
    before = {each: Process.whereis(each) for each in ("shelf", "reckoner")}
    on_shelf = await GenServer.call("shelf", "all")
    done = f"the {name} was ended with {reason!r}"
    await _ended(name, reason)
    gone = [each for each in before if Process.whereis(each) is None]
    expect(f"{done}; who is missing a second later?", gone, [], _NEXT)
    if name == "reckoner":
        kept = await GenServer.call("shelf", "all")
        expect(f"{done}; what lies on the shelf?", sorted(kept), sorted(on_shelf), _APART)
    await _expect_agreement(done)
    await Process.sleep(6.0)  # the next end is to be one of its own for the supervisor's count
    if name == "shelf":
        await _filled(photos)


async def _nobody_talks() -> None:
    began = so_far()
    await Process.sleep(60.0)
    idea = "how the reckoner learns of an end. To ask again and again is work for nothing: a monitor tells once"
    expect("nothing happened for a minute; how much was sent?", _talk(began), 0, idea)


def _talk(since: int) -> int:
    tracer = current_node().tracer
    events = [] if tracer is None else tracer.events[since:]
    return sum(event.kind == "send" for event in events)

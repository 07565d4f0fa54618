"""Attacks on the checks of chapter 11, tasks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attacks import Table

from otp_mini import (
    INFINITY,
    Agent,
    ChildSpec,
    Down,
    Exit,
    Exited,
    GenServer,
    NoReply,
    Ok,
    Process,
    Ref,
    Reply,
    Supervise,
    Supervisor,
    Task,
    current_node,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import tasks as ex

table = Table()
nolink = Task.Supervisor.async_nolink
start_child = Task.Supervisor.start_child

# ---- a trip -------------------------------------------------------------------------------------------------


async def trip_in_turn(questions: Any, city: Any) -> Any:
    return [await Task.await_(Task.async_(question, city), 30.0) for question in questions]


async def trip_by_default(questions: Any, city: Any) -> Any:
    return await Task.await_many([Task.async_(question, city) for question in questions])


async def trip_each(questions: Any, city: Any) -> Any:
    tasks = [Task.async_(question, city) for question in questions]
    return [await Task.await_(task, timeout=30.0) for task in tasks]


async def trip_for_ever(questions: Any, city: Any) -> Any:
    return await Task.await_many([Task.async_(question, city) for question in questions], timeout=None)


async def trip_unawaited(questions: Any, city: Any) -> Any:
    return Task.await_many([Task.async_(question, city) for question in questions], timeout=30.0)


async def trip_as_they_come(questions: Any, city: Any) -> Any:
    refs = {Task.async_(question, city).ref for question in questions}
    answers = []
    while len(answers) < len(refs):
        match await receive(timeout=30.0):
            case (_, answer):
                answers.append(answer)
    return answers


async def trip_forgiving(questions: Any, city: Any) -> Any:
    try:
        return await Task.await_many([Task.async_(question, city) for question in questions], timeout=30.0)
    except Exit:
        return []


async def trip_by_itself(questions: Any, city: Any) -> Any:
    return [await question(city) for question in questions]


async def trip_known(questions: Any, city: Any) -> Any:
    return await Task.await_many([Task.async_(question, city) for question in questions[:3]], timeout=30.0)


async def trip_by_deadline(questions: Any, city: Any) -> Any:
    tasks = [Task.async_(question, city) for question in questions]
    end = current_node().now() + 30.0
    return [await Task.await_(task, timeout=max(0.0, end - current_node().now())) for task in tasks]


async def trip_sorted(questions: Any, city: Any) -> Any:
    answers = await Task.await_many([Task.async_(question, city) for question in questions], timeout=30.0)
    return sorted(answers, key=str)


async def trip_without_return(questions: Any, city: Any) -> Any:
    await Task.await_many([Task.async_(question, city) for question in questions], timeout=30.0)


async def trip_by_one_task(questions: Any, city: Any) -> Any:
    return await Task.await_(Task.async_(trip_by_itself, questions, city), timeout=30.0)


async def trip_exits_itself(questions: Any, city: Any) -> Any:
    results = await Task.yield_many([Task.async_(question, city) for question in questions], timeout=30.0)
    if any(result is None for _, result in results):
        raise Exit(("timeout", "trip"))
    return [result.value for _, result in results]  # type: ignore[union-attr]


table.right(ex.trip, "yields, and exits by itself", trip_exits_itself)
table.wrong(ex.trip, "sorts the answers", trip_sorted, "the order of what is returned")
table.wrong(ex.trip, "forgets the return", trip_without_return, "is a `return` missing")
table.wrong(ex.trip, "asks in turn, in one task", trip_by_one_task, "Start all, and wait only then")
table.right(ex.trip, "has one deadline for single waits", trip_by_deadline)
table.wrong(ex.trip, "awaits each where it starts it", trip_in_turn, "Start all, and wait only then")
table.wrong(ex.trip, "takes the default", trip_by_default, "five seconds, if nothing else is said")
table.wrong(ex.trip, "has a limit for each", trip_each, "for all together")
table.wrong(ex.trip, "waits for ever", trip_for_ever, "for all together")
table.wrong(ex.trip, "forgets the await", trip_unawaited, "`await`")
table.wrong(ex.trip, "returns them as they come", trip_as_they_come, "the order of what is returned")
table.wrong(ex.trip, "keeps the time-out to itself", trip_forgiving, "who hears of a time-out")
table.wrong(ex.trip, "starts no task", trip_by_itself, "which process does the work")
table.hard_coded(ex.trip, "knows three questions", trip_known, "it passed the first one")

# ---- so long and no longer ----------------------------------------------------------------------------------


async def wait_and_catch(ask: Any, city: Any, seconds: Any) -> Any:
    try:
        return await Task.await_(Task.async_(ask, city), timeout=seconds)
    except Exit:
        return "late"


async def yield_only(ask: Any, city: Any, seconds: Any) -> Any:
    match await Task.yield_(Task.async_(ask, city), timeout=seconds):
        case Ok(value):
            return value
    return "late"


async def falsy(ask: Any, city: Any, seconds: Any) -> Any:
    task = Task.async_(ask, city)
    answer = await Task.yield_(task, timeout=seconds) or await Task.shutdown(task, "brutal_kill")
    return (answer and answer.value) or "late"  # type: ignore[union-attr]


async def wrapped(ask: Any, city: Any, seconds: Any) -> Any:
    task = Task.async_(ask, city)
    return await Task.yield_(task, timeout=seconds) or await Task.shutdown(task) or "late"


async def killer(ask: Any, city: Any, seconds: Any) -> Any:
    task = Task.async_(ask, city)
    match await Task.yield_(task, timeout=seconds):
        case Ok(value):
            return value
    Process.exit(task.pid, "kill")  # type: ignore[arg-type]
    return "late"


async def by_itself(ask: Any, city: Any, seconds: Any) -> Any:
    began = current_node().now()
    answer = await ask(city)
    return answer if current_node().now() - began <= seconds else "late"


async def by_default(ask: Any, city: Any, seconds: Any) -> Any:
    task = Task.async_(ask, city)
    match await Task.yield_(task) or await Task.shutdown(task):
        case Ok(value):
            return value
    return "late"


async def four_seconds(ask: Any, city: Any, seconds: Any) -> Any:
    return await by_hand(ask, city, 4.0)


async def by_hand(ask: Any, city: Any, seconds: Any) -> Any:
    """A process, a monitor and a message of its own."""
    home, ref = self_(), current_node().make_ref()

    async def work() -> None:
        send(home, (ref, await ask(city)))

    pid = spawn(work)
    answer = await receive(lambda m: isinstance(m, tuple) and m[:1] == (ref,), timeout=seconds)
    if answer != "timeout":
        return answer[1]
    watch = Process.monitor(pid)
    Process.exit(pid, "kill")
    await receive(lambda m: type(m) is Down and m.ref == watch)
    return "late"


async def brutally(ask: Any, city: Any, seconds: Any) -> Any:
    task = Task.async_(ask, city)
    match await Task.yield_(task, timeout=seconds) or await Task.shutdown(task, "brutal_kill"):
        case Ok(value):
            return value
    return "late"


async def gently(ask: Any, city: Any, seconds: Any) -> Any:
    task = Task.async_(ask, city)
    match await Task.yield_(task, timeout=seconds) or await Task.shutdown(task):
        case Ok(value):
            return value
    return "late"


async def brutally_without_return(ask: Any, city: Any, seconds: Any) -> Any:
    await brutally(ask, city, seconds)


table.wrong(ex.within, "gives what is late its five seconds", gently, "for one that traps exits")
table.wrong(ex.within, "forgets the return", brutally_without_return, "is a `return` missing")
table.right(ex.within, "by hand", by_hand)
table.right(ex.within, "kills it", brutally)
table.wrong(ex.within, "catches the time-out, and lets it run", wait_and_catch, "what a time-out ends: a wait")
table.wrong(ex.within, "yields, and lets it run", yield_only, "what a time-out ends: a wait")
table.wrong(ex.within, "takes 0 for nothing", falsy, "An answer may have any value")
table.wrong(ex.within, "returns the Ok", wrapped, "what stands around it")
table.wrong(ex.within, "kills what it is linked to", killer, "who is linked to whom")
table.wrong(ex.within, "starts no task", by_itself, "which process does the work")
table.wrong(ex.within, "takes the default", by_default, "as long as its argument says")
table.hard_coded(ex.within, "waits for four seconds", four_seconds, "it passed the first one")

# ---- offers -------------------------------------------------------------------------------------------------


def results(tasks: Any, found: Any) -> Any:
    """From results to words."""
    return {airline: word(result) for airline, (_, result) in zip(tasks, found, strict=True)}


def word(result: Any) -> Any:
    match result:
        case Ok(price):
            return price
        case Exited(_):
            return "failed"
    return "late"


async def ended(found: Any) -> Any:
    return [(task, result or await Task.shutdown(task, "brutal_kill")) for task, result in found]


async def ended_gently(found: Any) -> Any:
    return [(task, result or await Task.shutdown(task)) for task, result in found]


def offers_by(start: Any, *, limit: Any = None, end: Any = ended, told: Any = results) -> Callable[..., Awaitable[Any]]:
    async def offers(ask: Any, airlines: Any, seconds: Any) -> Any:
        tasks = [await start(ask, airline) for airline in airlines]
        found = await Task.yield_many(tasks, timeout=limit or seconds)
        return told(airlines, await end(found))

    return offers


async def loose(ask: Any, airline: Any) -> Any:
    return await nolink("asks", ask, airline)


async def tied(ask: Any, airline: Any) -> Any:
    return await Task.Supervisor.async_("asks", ask, airline)


async def left_alone(found: Any) -> Any:
    return found


async def ignored(found: Any) -> Any:
    return [(task, result or await Task.ignore(task)) for task, result in found]


def by_truth(airlines: Any, found: Any) -> Any:
    return {a: word(r) or "failed" for a, (_, r) in zip(airlines, found, strict=True)}


def failed_or_late(airlines: Any, found: Any) -> Any:
    return {a: r.value if isinstance(r, Ok) else "failed" for a, (_, r) in zip(airlines, found, strict=True)}


async def offers_each(ask: Any, airlines: Any, seconds: Any) -> Any:
    tasks = {airline: await loose(ask, airline) for airline in airlines}
    found = {}
    for airline, task in tasks.items():
        found[airline] = word(await Task.yield_(task, timeout=seconds) or await Task.shutdown(task, "brutal_kill"))
    return found


async def offers_in_turn(ask: Any, airlines: Any, seconds: Any) -> Any:
    found = {}
    for airline in airlines:
        task = await loose(ask, airline)
        found[airline] = word(await Task.yield_(task, timeout=seconds) or await Task.shutdown(task, "brutal_kill"))
    return found


async def offers_of_exceptions(ask: Any, airlines: Any, seconds: Any) -> Any:
    tasks = {airline: await loose(ask, airline) for airline in airlines}
    found = {}
    for airline, task in tasks.items():
        try:
            found[airline] = await Task.await_(task, timeout=seconds)
        except Exception:
            found[airline] = "failed"
    return found


async def offers_or_none(ask: Any, airlines: Any, seconds: Any) -> Any:
    tasks = [await loose(ask, airline) for airline in airlines]
    return dict(zip(airlines, await Task.await_many(tasks, timeout=seconds), strict=True))


async def offers_awaited(ask: Any, airlines: Any, seconds: Any) -> Any:
    """One by one, up to one deadline; what raises is caught."""
    end = current_node().now() + seconds
    tasks = {airline: await loose(ask, airline) for airline in airlines}
    found: dict[Any, Any] = {}
    for airline, task in tasks.items():
        try:
            found[airline] = await Task.await_(task, timeout=max(0.0, end - current_node().now()))
        except Exit as error:
            found[airline] = "late" if error.reason[0] == "timeout" else "failed"
            await Task.shutdown(task, "brutal_kill")
    return found


table.right(ex.offers, "awaits one by one up to a deadline", offers_awaited)
table.wrong(ex.offers, "links them", offers_by(tied), "by a signal", "no `try` stops a signal")
table.wrong(ex.offers, "lets what is late run", offers_by(loose, end=left_alone), "Nobody has ended it")
table.wrong(
    ex.offers, "gives what is late its five seconds", offers_by(loose, end=ended_gently), "for one that traps exits"
)
table.wrong(ex.offers, "ignores what is late", offers_by(loose, end=ignored), "Nobody has ended it")
table.wrong(ex.offers, "takes 0 for a failure", offers_by(loose, told=by_truth), "whatever its value")
table.wrong(ex.offers, "says failed for late", offers_by(loose, told=failed_or_late), "or nothing yet")
table.wrong(ex.offers, "has a limit for each", offers_each, "A limit for each begins anew")
table.wrong(ex.offers, "asks one after the other", offers_in_turn, "Start all, and wait only then")
table.wrong(ex.offers, "catches exceptions only", offers_of_exceptions, "no `except Exception`")
table.wrong(ex.offers, "wants all or none", offers_or_none, "`except Exit`")
table.hard_coded(ex.offers, "waits for four seconds", offers_by(loose, limit=4.0), "it passed the first one")

# ---- forecasts ----------------------------------------------------------------------------------------------


class Weather(GenServer):
    """State: ask, a number, what is asked by reference, what is known by city."""

    def init(self, ask: Any) -> Any:
        return Ok((ask, 0, {}, {}))

    async def handle_cast(self, request: Any, state: Any) -> Any:  # type: ignore[override]
        ask, count, asked, known = state
        match request:
            case ("refresh", city):
                task = await self.begin(ask, city)
                return NoReply((ask, count + 1, asked | {task.ref: (city, count)}, known))
        return NoReply(state)

    async def begin(self, ask: Any, city: Any) -> Any:
        return await nolink("asks", ask, city)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("forecast", city):
                return Reply(state[3].get(city, (-1, None))[1], state)

    def handle_info(self, message: Any, state: Any) -> Any:
        ask, count, asked, known = state
        match message:
            case (Ref() as ref, forecast) if ref in asked:
                Process.demonitor(ref, flush=True)
                known = self.put(known, *asked[ref], forecast, count)
            case Down(ref, _, _) if ref in asked:
                pass
            case _:
                return NoReply(state)
        return NoReply((ask, count, {r: a for r, a in asked.items() if r != ref}, known))

    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        return known | {city: (number, forecast)} if number > known.get(city, (-1, None))[0] else known


class LastComes(Weather):
    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        return known | {city: (number, forecast)}


class OnlyTheLast(Weather):
    """Takes the answer to the newest refresh alone."""

    async def handle_cast(self, request: Any, state: Any) -> Any:
        before = {ref: asked for ref, asked in state[2].items() if asked[0] != request[1]}
        return await super().handle_cast(request, (*state[:2], before, state[3]))


class Linked(Weather):
    async def begin(self, ask: Any, city: Any) -> Any:
        return await Task.Supervisor.async_("asks", ask, city)


class Unsupervised(Weather):
    async def begin(self, ask: Any, city: Any) -> Any:
        return Task.async_(ask, city)


class Waits(Weather):
    async def handle_cast(self, request: Any, state: Any) -> Any:
        ask, count, asked, known = state
        match request:
            case ("refresh", city):
                match await Task.yield_(await self.begin(ask, city), timeout=None):
                    case Ok(forecast):
                        known = known | {city: (count, forecast)}
        return NoReply((ask, count + 1, asked, known))


class NoLastCase(Weather):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case (ref, _) | Down(ref, _, _):
                state[2][ref]
        return super().handle_info(message, state)


class Hoards(Weather):
    """Takes no notice of a Down."""

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state) if isinstance(message, Down) else super().handle_info(message, state)


class Global(Weather):
    memory: dict[Any, Any] = {}  # noqa: RUF012

    def init(self, ask: Any) -> Any:
        self.memory.clear()  # what an earlier check has left
        return super().init(ask)

    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        if number > self.memory.get(city, (-1, None))[0]:
            self.memory[city] = (number, forecast)
        return known

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return super().handle_call(request, from_, (*state[:3], self.memory))


class Lisbon(Weather):
    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        return super().put(known, city if city in ("Lisbon", "Rome") else "elsewhere", number, forecast, count)


class Deaf(Weather):
    async def begin(self, ask: Any, city: Any) -> Any:
        await start_child("asks", ask, city)
        return type("Forgotten", (), {"ref": current_node().make_ref()})


class ByTheClock(Weather):
    """Two refreshes at the same moment have the same number."""

    def handle_cast(self, request: Any, state: Any) -> Any:
        ask, _, asked, known = state
        return super().handle_cast(request, (ask, current_node().now(), asked, known))

    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        return super().put(known, city, int(number * 1000), forecast, count)


class FalsyWeather(Weather):
    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        return super().put(known, city, number, forecast, count) if forecast else known


class NoneIsNothing(Weather):
    def put(self, known: Any, city: Any, number: Any, forecast: Any, count: Any) -> Any:
        return known if forecast is None else super().put(known, city, number, forecast, count)


class WithoutReturn(Weather):
    async def handle_cast(self, request: Any, state: Any) -> None:  # type: ignore[override]
        await super().handle_cast(request, state)


class CastsBack(Weather):
    """The task itself tells the server, by a cast with the number of the refresh."""

    async def handle_cast(self, request: Any, state: Any) -> Any:
        ask, count, asked, known = state
        match request:
            case ("refresh", city):
                await start_child("asks", self.tell, self_(), ask, city, count)
                return NoReply((ask, count + 1, asked, known))
            case ("known", city, number, forecast):
                return NoReply((ask, count, asked, self.put(known, city, number, forecast, count)))
        return NoReply(state)

    async def tell(self, home: Any, ask: Any, city: Any, count: Any) -> None:
        GenServer.cast(home, ("known", city, count, await ask(city)))


table.right(ex.weather, "has the task tell", CastsBack)
table.wrong(ex.weather, "takes what comes last", LastComes, "which of two answers is the newer one")
table.wrong(ex.weather, "numbers by the clock", ByTheClock, "which of two answers is the newer one", "the same time")
table.wrong(ex.weather, "takes 0 for nothing", FalsyWeather, "A forecast may have any value")
table.wrong(ex.weather, "takes None for nothing", NoneIsNothing, "A forecast may have any value")
table.wrong(ex.weather, "forgets the return", WithoutReturn, "a callback returned None", "is a `return` missing")
table.wrong(ex.weather, "waits for the newest alone", OnlyTheLast, "what an end without an answer changes")
table.wrong(ex.weather, "links the tasks", Linked, "the server has ended", "who is linked to whom")
table.wrong(ex.weather, "starts them itself", Unsupervised, "no child of 'asks'")
table.wrong(ex.weather, "waits in the callback", Waits, "which process waits")
table.wrong(ex.weather, "has no last case", NoLastCase, "the last case of `handle_info`")
table.wrong(ex.weather, "keeps what has failed", Hoards, "what stays in the state")
table.wrong(ex.weather, "keeps it in the class", Global, "A global of Python")
table.wrong(ex.weather, "gets no answer", Deaf, "what becomes of an answer")
table.hard_coded(ex.weather, "knows Lisbon and Rome", Lisbon, "it passed the first one")

# ---- mails at closing time ------------------------------------------------------------------------------------


async def careful(mail: Any, customer: Any) -> None:
    Process.flag(trap_exit=True)
    await mail(customer)


class Confirmations(GenServer):
    """How a mail is begun is the second half of the state."""

    @classmethod
    async def start_link(cls, argument: Any) -> Any:  # type: ignore[override]
        return await super().start_link(argument, name="confirmations")

    async def handle_cast(self, request: Any, state: Any) -> Any:  # type: ignore[override]
        mail, begin = state
        match request:
            case ("booked", customer):
                await begin(mail, customer)
        return NoReply(state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


def office(begin: Any, *, strategy: Any = "one_for_one", turned: bool = False) -> Callable[[Any], Awaitable[Any]]:
    async def open_office(mail: Any) -> Any:
        children = [(Task.Supervisor, {"name": "mails"}), (Confirmations, (mail, begin))]
        return await Supervisor.start_link(children[:: -1 if turned else 1], strategy=strategy, name="office")

    return open_office


def mailed(function: Any = careful, **options: Any) -> Any:
    async def begin(mail: Any, customer: Any) -> None:
        work = (function, mail, customer) if function else (mail, customer)
        await start_child("mails", *work, **options)

    return begin


async def by_async(mail: Any, customer: Any) -> None:
    Task.async_(mail, customer)


async def bare(mail: Any, customer: Any) -> None:
    Task.start(mail, customer)


async def told(mail: Any, customer: Any) -> None:
    await nolink("mails", careful, mail, customer, shutdown=10.0)


async def waits(mail: Any, customer: Any) -> None:
    await Task.yield_(await nolink("mails", careful, mail, customer, shutdown=10.0), timeout=None)


async def nameless(mail: Any) -> Any:
    children = [(Task.Supervisor, {"name": "mails"}), (Confirmations, (mail, mailed(shutdown=10.0)))]
    return await Supervisor.start_link(children, strategy="one_for_one")


shutdown_of = "what a `shutdown` does to a task"
table.right(ex.open_office, "has all the time there is", office(mailed(shutdown=INFINITY)))
table.right(ex.open_office, "rest_for_one, with a longer time", office(mailed(shutdown=60.0), strategy="rest_for_one"))
table.wrong(ex.open_office, "links them to the server", office(by_async), "who is linked to whom")
table.wrong(ex.open_office, "starts them below nobody", office(bare), "who knows of the mails at the end")
table.wrong(ex.open_office, "does not trap exits", office(mailed(None, shutdown=10.0)), shutdown_of, "traps exits")
table.wrong(ex.open_office, "has the server told", office(told), "who is told of a mail's end")
table.wrong(ex.open_office, "waits for each", office(waits), "whom the server waits for")
table.wrong(
    ex.open_office, "sends it again", office(mailed(shutdown=10.0, restart="transient")), "what a supervisor of tasks"
)
table.wrong(
    ex.open_office, "ties the mails to the server", office(mailed(shutdown=10.0), strategy="one_for_all"),
    "what is started anew with the server",
)  # fmt: skip
table.wrong(ex.open_office, "has no name", nameless, "the name of the supervisor")
table.hard_coded(ex.open_office, "takes the usual five seconds", office(mailed()), "it passed the first one")

# ---- one question for all -------------------------------------------------------------------------------------


class Fares(GenServer):
    """State: ask, and the callers by (reference, city)."""

    @classmethod
    async def start_link(cls, ask: Any) -> Any:  # type: ignore[override]
        return await super().start_link(ask, name="fares")

    def init(self, ask: Any) -> Any:
        return Ok((ask, {}))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        ask, waiting = state
        match request:
            case ("fare", city):
                key = self.key(waiting, city)
                if key is None:
                    key = ((await self.begin(ask, city)).ref, city)
                return NoReply((ask, waiting | {key: self.joined(waiting.get(key, []), from_)}))

    def key(self, waiting: Any, city: Any) -> Any:
        return next((key for key in waiting if key[1] == city), None)

    async def begin(self, ask: Any, city: Any) -> Any:
        return await nolink("asks", ask, city)

    def joined(self, callers: Any, from_: Any) -> Any:
        return [*callers, from_]

    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case (Ref() as ref, answer):
                Process.demonitor(ref, flush=True)
                return self.over(ref, answer, state)
            case Down(ref, _, reason):
                return self.failed(ref, reason, state)
        return NoReply(state)

    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        return self.over(ref, ("error", "failed"), state)

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        ask, waiting = state
        for key, callers in waiting.items():
            for from_ in callers if key[0] == ref else []:
                GenServer.reply(from_, answer)
        return NoReply((ask, self.rest(waiting, ref)))

    def rest(self, waiting: Any, ref: Any) -> Any:
        return {key: callers for key, callers in waiting.items() if key[0] != ref}


class HandsOut(Fares):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("fare", city):
                return Reply(await self.begin(state[0], city), state)


class EachItsOwn(Fares):
    def key(self, waiting: Any, city: Any) -> Any:
        return None


class FirstOnly(Fares):
    def joined(self, callers: Any, from_: Any) -> Any:
        return callers or [from_]


class OneAtATime(Fares):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        match request:
            case ("fare", city):
                result = await Task.yield_(await self.begin(state[0], city), timeout=None)
                return Reply(result.value if isinstance(result, Ok) else ("error", "failed"), state)


class LinkedFares(Fares):
    async def begin(self, ask: Any, city: Any) -> Any:
        return await Task.Supervisor.async_("asks", ask, city)


class DeafFares(Fares):
    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        return NoReply(state)


class OnlyCrashes(Fares):
    def failed(self, ref: Any, reason: Any, state: Any) -> Any:
        return NoReply(state) if reason == "normal" else super().failed(ref, reason, state)


class Cached(Fares):
    def rest(self, waiting: Any, ref: Any) -> Any:
        return {key: [] if key[0] == ref else callers for key, callers in waiting.items()}


class Strict(Fares):
    def handle_info(self, message: Any, state: Any) -> Any:
        match message:
            case (_, _) | Down(_, _, _):
                return super().handle_info(message, state)
        raise ValueError("an unknown message")


class FourCallers(Fares):
    def joined(self, callers: Any, from_: Any) -> Any:
        return [*callers, from_][:4]


class Twins(Fares):
    """Keeps two dicts, and leaves the Down to be ignored."""

    def init(self, ask: Any) -> Any:
        return Ok((ask, {}, {}))

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        ask, cities, callers = state
        match request:
            case ("fare", city):
                if city not in callers:
                    cities = cities | {(await self.begin(ask, city)).ref: city}
                return NoReply((ask, cities, callers | {city: [*callers.get(city, []), from_]}))

    def over(self, ref: Any, answer: Any, state: Any) -> Any:
        ask, cities, callers = state
        city = cities.get(ref)
        for from_ in callers.get(city, []) if ref in cities else []:
            GenServer.reply(from_, answer)
        if ref in cities:
            callers = {c: f for c, f in callers.items() if c != city}
        return NoReply((ask, {r: c for r, c in cities.items() if r != ref}, callers))


class FaresWithoutReturn(Fares):
    async def handle_call(self, request: Any, from_: Any, state: Any) -> None:  # type: ignore[override]
        await super().handle_call(request, from_, state)


table.wrong(ex.fares, "forgets the return", FaresWithoutReturn, "a callback returned None", "is a `return` missing")
table.right(ex.fares, "keeps two dicts", Twins)
table.wrong(ex.fares, "hands the task out", HandsOut, "who can await a task: its owner")
table.wrong(ex.fares, "starts one for each", EachItsOwn, "who shares a run")
table.wrong(ex.fares, "answers the first only", FirstOnly, "for everybody who waits")
table.wrong(ex.fares, "waits in the callback", OneAtATime, "which process waits")
table.wrong(ex.fares, "links the tasks", LinkedFares, "the server has ended", "who is linked to whom")
table.wrong(ex.fares, "hears of no end", DeafFares, "no answer will come")
table.wrong(ex.fares, "takes normal for an answer", OnlyCrashes, "no answer will come")
table.wrong(ex.fares, "never asks again", Cached, "who shares a run")
table.wrong(ex.fares, "has no last case", Strict, "the last case of `handle_info`")
table.hard_coded(ex.fares, "has room for four", FourCallers, "it passed the first one")

# ---- a planner that remembers ---------------------------------------------------------------------------------


async def memory() -> Any:
    return await Agent.start_link(dict, name="memory")


class Trips(Supervisor):
    """Its hooks are what a wrong answer changes."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="trips")

    def init(self, _: Any) -> Supervise:
        children = [ChildSpec("memory", (memory, ())), (Task.Supervisor, {"name": "sources"})]
        return Supervise(children, strategy="rest_for_one")

    @classmethod
    async def plan(cls, sources: Any, city: Any, patience: Any) -> Any:
        tasks = [await cls.begin(name, source, city) for name, source in sources.items()]
        results = await cls.wait(tasks, patience)
        known = await cls.known()
        found = {}
        for name, result in zip(sources, results, strict=True):
            found[name] = cls.word(result, known.get(cls.key(name, city), cls))
        return found

    @classmethod
    async def begin(cls, name: Any, source: Any, city: Any) -> Any:
        return await nolink("sources", cls.ask, cls.key(name, city), source, city)

    @classmethod
    async def ask(cls, key: Any, source: Any, city: Any) -> Any:
        answer = await source(city)
        await Agent.update("memory", lambda known: known | {key: answer})
        return answer

    @classmethod
    async def known(cls) -> Any:
        return await Agent.get("memory", lambda known: known)

    @classmethod
    async def wait(cls, tasks: Any, patience: Any) -> Any:
        return [result or await cls.give_up(task) for task, result in await Task.yield_many(tasks, timeout=patience)]

    @classmethod
    async def give_up(cls, task: Any) -> Any:
        return await Task.ignore(task)

    @classmethod
    def key(cls, name: Any, city: Any) -> Any:
        return name, city

    @classmethod
    def word(cls, result: Any, old: Any) -> Any:
        match result:
            case Ok(answer):
                return ("new", answer)
        return "unknown" if old is cls else ("old", old)


class EndsTheLate(Trips):
    @classmethod
    async def give_up(cls, task: Any) -> Any:
        return await Task.shutdown(task)


class Forgotten(Trips):
    @classmethod
    async def give_up(cls, task: Any) -> Any:
        return None


class ByName(Trips):
    @classmethod
    def key(cls, name: Any, city: Any) -> Any:
        return name


class ByCity(Trips):
    @classmethod
    def key(cls, name: Any, city: Any) -> Any:
        return city


class Tied(Trips):
    @classmethod
    async def begin(cls, name: Any, source: Any, city: Any) -> Any:
        return await Task.Supervisor.async_("sources", cls.ask, cls.key(name, city), source, city)


class Homeless(Trips):
    """Starts what it asks outside of the tree, with a process that watches for whoever plans."""

    @classmethod
    async def begin(cls, name: Any, source: Any, city: Any) -> Any:
        sup = Process.whereis("elsewhere")
        if sup is None:
            home = self_()

            async def keep() -> None:
                await Task.Supervisor.start_link(name="elsewhere")
                send(home, "kept")
                await receive()

            spawn(keep)
            await receive(lambda message: message == "kept")
        return await nolink("elsewhere", cls.ask, cls.key(name, city), source, city)


class CallerRemembers(Trips):
    @classmethod
    async def ask(cls, key: Any, source: Any, city: Any) -> Any:
        return await source(city)

    @classmethod
    async def plan(cls, sources: Any, city: Any, patience: Any) -> Any:
        found = await super().plan(sources, city, patience)
        new = {(name, city): result[1] for name, result in found.items() if result[0] == "new"}
        await Agent.update("memory", lambda known: known | new)
        return found


class Falsy(Trips):
    @classmethod
    def word(cls, result: Any, old: Any) -> Any:
        match result:
            case Ok(answer) if answer is not None:
                return ("new", answer)
        return "unknown" if old in (cls, None) else ("old", old)


class OneByOne(Trips):
    @classmethod
    async def wait(cls, tasks: Any, patience: Any) -> Any:
        return [await Task.yield_(task, timeout=patience) or await Task.ignore(task) for task in tasks]


class FourSeconds(Trips):
    @classmethod
    async def wait(cls, tasks: Any, patience: Any) -> Any:
        return await super().wait(tasks, 4.0)


class Everywhere(Trips):
    """Remembers in the class."""

    memory: dict[Any, Any] = {}  # noqa: RUF012

    @classmethod
    async def ask(cls, key: Any, source: Any, city: Any) -> Any:
        cls.memory[current_node(), key] = answer = await source(city)
        return answer

    @classmethod
    async def known(cls) -> Any:
        return {key: answer for (node, key), answer in cls.memory.items() if node is current_node()}


class Desk(GenServer):
    """Plans for everybody, one after the other."""

    @classmethod
    async def start_link(cls, _: Any = None) -> Any:  # type: ignore[override]
        return await super().start_link(None, name="desk")

    async def handle_call(self, request: Any, from_: Any, state: Any) -> Any:  # type: ignore[override]
        return Reply(await Trips.plan(*request), state)


class Served(Trips):
    def init(self, _: Any) -> Supervise:
        plan = super().init(None)
        return Supervise([*plan.children, Desk], strategy="one_for_all")

    @classmethod
    async def plan(cls, sources: Any, city: Any, patience: Any) -> Any:
        return await GenServer.call("desk", (sources, city, patience), timeout=None)


class LooksFirst(Trips):
    """Looks into the memory before it asks, and misses what comes meanwhile."""

    @classmethod
    async def plan(cls, sources: Any, city: Any, patience: Any) -> Any:
        before = await cls.known()
        found = await super().plan(sources, city, patience)
        old = {name: cls.word(None, before.get(cls.key(name, city), cls)) for name in sources}
        return {name: result if result[0] == "new" else old[name] for name, result in found.items()}


class SelfPutting(Trips):
    """The tasks trap nothing and are awaited by hand; the agent is written by a cast."""

    def init(self, _: Any) -> Supervise:
        plan = super().init(None)
        return Supervise(plan.children, strategy="one_for_all")

    @classmethod
    async def ask(cls, key: Any, source: Any, city: Any) -> Any:
        answer = await source(city)
        Agent.cast("memory", lambda known: known | {key: answer})
        return answer


table.right(ex.trips, "has the agent told by a cast", SelfPutting)
table.wrong(ex.trips, "ends what is late", EndsTheLate, "it is to go on, for the next who asks")
table.wrong(ex.trips, "looks into the memory first", LooksFirst, "when the memory is looked at")
table.wrong(ex.trips, "leaves what is late to itself", Forgotten, "came to whoever had called", "given up")
table.wrong(ex.trips, "remembers by the name", ByName, "the name of the source and the city")
table.wrong(ex.trips, "remembers by the city", ByCity, "what each result says")
table.wrong(ex.trips, "links them", Tied, "by a signal", "who is linked to whom")
table.wrong(ex.trips, "asks outside of the tree", Homeless, "on whose list the tasks are")
table.wrong(ex.trips, "has whoever plans remember", CallerRemembers, "who puts an answer into the memory")
table.wrong(ex.trips, "takes None for nothing", Falsy, "whatever its value")
table.wrong(ex.trips, "has a limit for each", OneByOne, "A limit for each begins anew")
table.wrong(ex.trips, "remembers in the class", Everywhere, "A global of Python")
table.wrong(ex.trips, "plans in a server", Served, "for its own sources")
table.hard_coded(ex.trips, "has four seconds of patience", FourSeconds, "it passed the first one")

"""Attacks on the checks of chapter 09, agents."""

from __future__ import annotations

from typing import Any, ClassVar

from attacks import Table

from otp_mini import Agent, ChildSpec, GenServer, NoReply, Ok, Process, Reply, Supervisor, Task
from otp_mini.exercises import agents as ex

table = Table()
update, get, get_and_update = Agent.update, Agent.get, Agent.get_and_update
BETWEEN = "what another process may do between two calls"
PAIR = "a pair, first the answer and then the next value"


def whole(value: Any) -> Any:
    return value


# ---- drill 1: basins ------------------------------------------------------------------------------------------


class Basins(Agent):
    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        return await super().start_link(lambda: degrees, name="basins")

    @staticmethod
    async def warmest() -> Any:
        return await get("basins", lambda basins: max(basins, key=basins.get))

    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        return await update("basins", lambda basins: basins | {basin: degrees})


def changed(basins: Any, basin: Any, degrees: Any) -> Any:
    basins[basin] = degrees
    return basins


class InPlace(Basins):
    """Changes the dict in place and returns it; the arguments come after the function."""

    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        return await update("basins", changed, basin, degrees)


class AtHome(Basins):
    """Fetches the dict, and looks at home; casts."""

    @staticmethod
    async def warmest() -> Any:
        basins = await get("basins", whole)
        return sorted(basins, key=lambda name: basins[name])[-1]

    @staticmethod
    def measured(basin: Any, degrees: Any) -> Any:  # type: ignore[override]
        return Agent.cast("basins", lambda basins: basins | {basin: degrees})


class Nothing(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        return await update("basins", lambda basins: basins.update({basin: degrees}))


class OnlyTheNew(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        return await update("basins", lambda _: {basin: degrees})


class Torn(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        basins = await get("basins", whole)
        return await update("basins", lambda _: basins | {basin: degrees})


class FirstByName(Basins):
    @staticmethod
    async def warmest() -> Any:
        return await get("basins", max)


class HowWarm(Basins):
    @staticmethod
    async def warmest() -> Any:
        return await get("basins", lambda basins: max(basins.values()))


class OnlyWarmer(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        return await update("basins", lambda basins: basins | {basin: max(degrees, basins.get(basin, 0))})


class Unlinked(Basins):
    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        return await Agent.start(lambda: degrees, name="basins")


class Nameless(Basins):
    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        return await Agent.start_link(lambda: degrees)


class NoPid(Basins):
    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        await super().start_link(degrees)


class InTheClass(Basins):
    """The dict of the class is what counts, and the agent is there for show."""

    basins: ClassVar[Any] = {}

    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        InTheClass.basins = dict(degrees)
        return await super().start_link(degrees)

    @staticmethod
    async def warmest() -> Any:
        return max(InTheClass.basins, key=InTheClass.basins.get)

    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        InTheClass.basins[basin] = degrees
        return "ok"


class Mirrored(Basins):
    """Writes into the agent, and answers from a dict of the class, which begins anew with each agent."""

    mirror: ClassVar[Any] = {}

    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        Mirrored.mirror = dict(degrees)
        return await super().start_link(degrees)

    @staticmethod
    async def warmest() -> Any:
        return max(Mirrored.mirror, key=Mirrored.mirror.get)

    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        Mirrored.mirror[basin] = degrees
        return await Basins.measured(basin, degrees)


class ChangesTheCopy(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        basins = await get("basins", whole)
        basins[basin] = degrees
        return "ok"


class Forgotten(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        return update("basins", lambda basins: basins | {basin: degrees})


class Silent(Basins):
    @staticmethod
    async def measured(basin: Any, degrees: Any) -> Any:
        await update("basins", lambda basins: basins | {basin: degrees})


class Known(Basins):
    """Knows the three basins of the text, and what is done to them."""

    @classmethod
    async def start_link(cls, degrees: Any) -> Any:  # type: ignore[override]
        first = {"pool": 24, "children": 31, "dive": 19} if len(degrees) > 1 else degrees
        return await super().start_link(first)


table.right(ex.basins, "changes the dict in place and returns it", InPlace)
table.right(ex.basins, "casts, and compares at home", AtHome)
table.wrong(ex.basins, "returns what dict.update returns", Nothing, "Seen: None", "`None` too")
table.wrong(ex.basins, "holds the newest temperature alone", OnlyTheNew, "is the next value")
table.wrong(ex.basins, "gets and then updates", Torn, "at the same moment", BETWEEN)
table.wrong(ex.basins, "finds the last name", FirstByName, "by what two of them are compared")
table.wrong(ex.basins, "answers the temperature", HowWarm, "The answer is the name of a basin")
table.wrong(ex.basins, "keeps a record", OnlyWarmer, "what the function of `update` returns")
table.wrong(ex.basins, "is not linked", Unlinked, "who is linked to whom")
table.wrong(ex.basins, "has no name", Nameless, "the name of the agent")
table.wrong(ex.basins, "returns no pid", NoPid, "what your own function returns")
table.wrong(ex.basins, "keeps the dict in the class", InTheClass, "a dict of the class or the page is none of")
table.wrong(ex.basins, "answers from a dict of the class", Mirrored, "an agent of another node", "where it is kept")
table.wrong(ex.basins, "changes its own copy", ChangesTheCopy, "What `get` has brought home is a copy")
table.wrong(ex.basins, "forgets an await", Forgotten, "a coroutine", "`await`")
table.wrong(ex.basins, "answers nothing", Silent, "Seen: None", "handed on")
table.hard_coded(ex.basins, "knows the three basins", Known, "it passed the first one")

# ---- drill 2: enter ---------------------------------------------------------------------------------------------


async def enter(limit: int) -> Any:
    return await get_and_update("pool", lambda n: ("in", n + 1) if n < limit else ("full", n))


def plain_enter(limit: int) -> Any:
    """A plain function that hands on the coroutine."""
    return get_and_update("pool", one_more, limit)


def one_more(inside: int, limit: int) -> Any:
    return ("full", inside) if inside >= limit else ("in", inside + 1)


async def looks_first(limit: int) -> Any:
    if await get("pool", whole) >= limit:
        return "full"
    await update("pool", lambda n: n + 1)
    return "in"


async def writes_back(limit: int) -> Any:
    inside = await get("pool", whole)
    if inside >= limit:
        return "full"
    await update("pool", lambda _: inside + 1)
    return "in"


async def takes_back(limit: int) -> Any:
    await update("pool", lambda n: n + 1)
    if await get("pool", whole) <= limit:
        return "in"
    await update("pool", lambda n: n - 1)
    return "full"


async def sees_and_takes_back(limit: int) -> Any:
    """Tells each the right thing, and counts who is turned away for a moment."""
    if await get_and_update("pool", lambda n: (n + 1, n + 1)) <= limit:
        return "in"
    await update("pool", lambda n: n - 1)
    return "full"


async def swaps(limit: int) -> Any:
    """Looks at home, and changes the value only if it is still the same."""
    while (inside := await get("pool", whole)) < limit:
        if await get_and_update("pool", lambda n, seen=inside: (n == seen, n + (n == seen))):
            return "in"
    return "full"


async def careful(limit: int) -> Any:
    """Looks first, and again in the agent, but tells what it has seen first."""
    room = await get("pool", lambda n: n < limit)
    await update("pool", lambda n: min(n + 1, limit) if n < limit else n)
    return "in" if room else "full"


async def until_equal(limit: int) -> Any:
    return await get_and_update("pool", lambda n: ("full", n) if n == limit else ("in", n + 1))


async def one_too_many(limit: int) -> Any:
    return await get_and_update("pool", lambda n: ("in", n + 1) if n <= limit else ("full", n))


async def turned_round(limit: int) -> Any:
    return await get_and_update("pool", lambda n: (n + 1, "in") if n < limit else (n, "full"))


async def no_pair(limit: int) -> Any:
    return await get_and_update("pool", lambda n: "in" if n < limit else "full")


async def silent_enter(limit: int) -> None:
    await enter(limit)


async def half_a_pair(limit: int) -> Any:
    def one_more(n: int) -> Any:
        if n < limit:
            return "in", n + 1
        return None

    return await get_and_update("pool", one_more)


async def of_three(limit: int) -> Any:
    return await enter(limit if limit == 4 else 3)


async def counts_all(limit: int) -> Any:
    return await get_and_update("pool", lambda n: ("in" if n < limit else "full", n + 1))


async def leaves_it_out(limit: int) -> Any:
    return "in" if limit else "full"


table.right(ex.enter, "is a plain function that hands on the call", plain_enter)
table.right(ex.enter, "changes the value only if it is still the same", swaps)
table.wrong(ex.enter, "counts who is turned away for a moment", sees_and_takes_back, "not for a moment")
table.wrong(ex.enter, "looks first", looks_first, "at the same moment", BETWEEN)
table.wrong(ex.enter, "looks first and writes back", writes_back, "at the same moment", BETWEEN)
table.wrong(ex.enter, "counts first and takes back", takes_back, "at the same moment", BETWEEN)
table.wrong(ex.enter, "decides twice", careful, "at the same moment", BETWEEN)
table.wrong(ex.enter, "stops only at the limit itself", until_equal, "those that are less than the limit")
table.wrong(ex.enter, "lets in one too many", one_too_many, "those that are less than the limit")
table.wrong(ex.enter, "turns the pair round", turned_round, "Seen: 1", PAIR)
table.wrong(ex.enter, "returns no pair", no_pair, "a function returned 'in'", PAIR)
table.wrong(ex.enter, "returns nothing when it is full", half_a_pair, "a function returned None", PAIR)
table.wrong(ex.enter, "answers nothing", silent_enter, "Seen: None", "handed on")
table.wrong(ex.enter, "counts those who are turned away", counts_all, "what the next value is in each case")
table.wrong(ex.enter, "leaves the agent out", leaves_it_out, "kept by the agent and nowhere else")
table.hard_coded(ex.enter, "knows the limit of three", of_three, "it passed the first one")

# ---- drill 3: answered ------------------------------------------------------------------------------------------


def sums(jobs: Any) -> Any:
    """From the definition, for each anew."""
    return [sum(seconds for seconds, _ in jobs[: n + 1]) < timeout for n, (_, timeout) in enumerate(jobs)]


def at_most(jobs: Any) -> Any:
    """Takes the moment of the time-out itself for early enough: nobody was to ask about it."""
    return [sum(seconds for seconds, _ in jobs[: n + 1]) <= timeout for n, (_, timeout) in enumerate(jobs)]


def each_alone(jobs: Any) -> Any:
    return [seconds < timeout for seconds, timeout in jobs]


def skips_who_gave_up(jobs: Any) -> Any:
    now, answers = 0, []
    for seconds, timeout in jobs:
        answers.append(now + seconds < timeout)
        now += seconds * answers[-1]
    return answers


def until_it_begins(jobs: Any) -> Any:
    now, answers = 0, []
    for seconds, timeout in jobs:
        answers.append(now < timeout)
        now += seconds
    return answers


def breaks_off(jobs: Any) -> Any:
    """A function is broken off when its caller gives up."""
    now, answers = 0, []
    for seconds, timeout in jobs:
        answers.append(now + seconds < timeout)
        now = min(now + seconds, max(now, timeout))
    return answers


def ends_the_agent(jobs: Any) -> Any:
    answers = sums(jobs)
    return [all(answers[: n + 1]) for n in range(len(answers))]


def turns_in_words(jobs: Any) -> Any:
    return ["ok" if fine else "timeout" for fine in sums(jobs)]


def knows_three(jobs: Any) -> Any:
    return [True, False, True]


gives = "when each function begins and ends"
table.right(ex.answered, "adds up anew for each", sums)
table.right(ex.answered, "takes the very moment of a time-out for early enough", at_most)
table.wrong(ex.answered, "lets all run at once", each_alone, gives)
table.wrong(ex.answered, "skips who has given up", skips_who_gave_up, "if its caller has given up")
table.wrong(ex.answered, "asks when a function begins", until_it_begins, gives)
table.wrong(ex.answered, "breaks off what takes too long", breaks_off, "if its caller has given up")
table.wrong(ex.answered, "thinks that a time-out ends the agent", ends_the_agent, gives)
table.wrong(ex.answered, "answers in words", turns_in_words, "[True, False, True]")
table.hard_coded(ex.answered, "knows the three", knows_three, "it passed the first one")

# ---- drill 4: read_notes ----------------------------------------------------------------------------------------


async def read_notes(read: Any) -> Any:
    notes = await get_and_update("box", lambda notes: (notes, []))
    return [await read(note) for note in notes]


async def one_by_one(read: Any) -> Any:
    """Has a longer way to say it."""

    def take_all(notes: Any) -> Any:
        taken = notes[:]
        notes.clear()
        return taken, notes

    answers = []
    for note in await get_and_update("box", take_all):
        answers += [await read(note)]
    return answers


async def in_the_box(read: Any) -> Any:
    async def work(notes: Any) -> Any:
        return [await read(note) for note in notes], []

    return await get_and_update("box", work, timeout=600.0)


async def gets_and_empties(read: Any) -> Any:
    notes = await get("box", whole)
    await update("box", lambda _: [])
    return [await read(note) for note in notes]


async def empties_at_the_end(read: Any) -> Any:
    notes = await get("box", whole)
    answers = [await read(note) for note in notes]
    await update("box", lambda _: [])
    return answers


async def cuts_off(read: Any) -> Any:
    notes = await get("box", whole)
    answers = [await read(note) for note in notes]
    await update("box", lambda box: box[len(notes) :])
    return answers


async def leaves_them(read: Any) -> Any:
    return [await read(note) for note in await get("box", whole)]


async def unread(read: Any) -> Any:
    return await get_and_update("box", lambda notes: (notes, []))


async def nothing_left(read: Any) -> Any:
    notes = await get_and_update("box", lambda notes: (notes, None))
    return [await read(note) for note in notes]


async def all_at_once(read: Any) -> Any:
    notes = await get_and_update("box", lambda notes: (notes, []))
    tasks = [Task.async_(read, note) for note in notes]
    return await Task.await_many(tasks, timeout=60.0)


async def swallows(read: Any) -> Any:
    notes, answers = await get_and_update("box", lambda notes: (notes, [])), []
    for note in notes:
        try:
            answers.append(await read(note))
        except Exception:
            answers.append(None)
    return answers


async def only_prepared(read: Any) -> Any:
    notes = await get_and_update("box", lambda notes: (notes, []))
    answers = [read(note) for note in notes]
    for answer in answers:
        answer.close()
    return answers


async def tries_again(read: Any) -> Any:
    notes, answers = await get_and_update("box", lambda notes: (notes, [])), []
    for note in notes:
        try:
            answers.append(await read(note))
        except Exception:
            answers.append(await read(note))
    return answers


async def no_twins(read: Any) -> Any:
    notes = await get_and_update("box", lambda notes: (list(dict.fromkeys(notes)), []))
    return [await read(note) for note in notes]


async def only_answers(read: Any) -> Any:
    notes = await get_and_update("box", lambda notes: (notes, []))
    return [answer for note in notes if (answer := await read(note)) is not None]


async def puts_back(read: Any) -> Any:
    """What was not read when `read` raised goes back into the box."""
    notes, answers = await get_and_update("box", lambda notes: (notes, [])), []
    while notes:
        note, *notes = notes
        try:
            answers.append(await read(note))
        except Exception:
            await update("box", lambda box, rest=notes: rest + box)
            raise
    return answers


async def known_notes(read: Any) -> Any:
    first, second, third = (await get_and_update("box", lambda notes: (notes, [])) + [None] * 3)[:3]
    return [await read(note) for note in (first, second, third) if note is not None]


table.right(ex.read_notes, "has a longer way to say it", one_by_one)
table.wrong(ex.read_notes, "reads in the agent", in_the_box, "in which process the slow part runs")
table.wrong(ex.read_notes, "gets, and then empties", gets_and_empties, BETWEEN)
table.wrong(ex.read_notes, "empties the box at the end", empties_at_the_end, "what is in the box afterwards?")
table.wrong(ex.read_notes, "cuts off what it has read", cuts_off, "two called `read_notes`", BETWEEN)
table.wrong(ex.read_notes, "leaves the notes in the box", leaves_them, "what is in the box afterwards?")
table.wrong(ex.read_notes, "returns the notes", unread, "what comes of each note")
table.wrong(ex.read_notes, "leaves None in the box", nothing_left, "what the agent's value is meanwhile")
table.right(ex.read_notes, "puts back what was not read", puts_back)
table.wrong(ex.read_notes, "tries again", tries_again, "how often was it called", "second try")
table.wrong(ex.read_notes, "takes two notes that say the same for one", no_twins, "what comes of each note")
table.wrong(ex.read_notes, "leaves out an answer that is None", only_answers, "what comes of each note")
table.wrong(ex.read_notes, "reads all at once", all_at_once, "one after the other")
table.wrong(ex.read_notes, "swallows what read raises", swallows, "what is caught")
table.wrong(ex.read_notes, "does not await what it reads", only_prepared, "a list of coroutines", "`await`")
table.hard_coded(ex.read_notes, "knows that there are three", known_notes, "it passed the first one")

# ---- repair 1: refresh ------------------------------------------------------------------------------------------


async def refresh(basin: Any, measure: Any) -> Any:
    def write(basins: Any, degrees: Any) -> Any:
        return (degrees, basins | {basin: degrees}) if basin in basins else (None, basins)

    if not await get("basins", lambda basins: basin in basins):
        return None
    return await get_and_update("basins", write, await measure())


async def in_a_task(basin: Any, measure: Any) -> Any:
    """The thermometer is asked by another process, which hands over what it raises as a value."""

    async def safe() -> Any:
        try:
            return await measure(), None
        except Exception as error:
            return None, error

    if basin not in await get("basins", list):
        return None
    degrees, error = await Task.await_(Task.async_(safe), timeout=120.0)
    if error is not None:
        raise error
    return await get_and_update(
        "basins", lambda now: (degrees, {**now, basin: degrees}) if basin in now else (None, now)
    )


async def patient(basin: Any, measure: Any) -> Any:
    async def work(basins: Any) -> Any:
        if basin not in basins:
            return None, basins
        degrees = await measure()
        return degrees, basins | {basin: degrees}

    return await get_and_update("basins", work, timeout=600.0)


async def writes_all(basin: Any, measure: Any) -> Any:
    basins = await get("basins", whole)
    if basin not in basins:
        return None
    degrees = await measure()
    await update("basins", lambda _: basins | {basin: degrees})
    return degrees


async def looks_once(basin: Any, measure: Any) -> Any:
    if not await get("basins", lambda basins: basin in basins):
        return None
    degrees = await measure()
    await update("basins", lambda basins: basins | {basin: degrees})
    return degrees


async def looks_at_the_end(basin: Any, measure: Any) -> Any:
    degrees = await measure()
    return await get_and_update(
        "basins", lambda now: (degrees, now | {basin: degrees}) if basin in now else (None, now)
    )


async def looks_twice_at_home(basin: Any, measure: Any) -> Any:
    if basin not in await get("basins", whole):
        return None
    degrees = await measure()
    if basin not in await get("basins", whole):
        return None
    await update("basins", lambda basins: basins | {basin: degrees})
    return degrees


async def never_zero(basin: Any, measure: Any) -> Any:
    degrees = await refresh(basin, measure)
    return degrees or None


async def measures_twice(basin: Any, measure: Any) -> Any:
    if await get("basins", lambda basins: basin in basins):
        await measure()
    return await refresh(basin, measure)


async def catches(basin: Any, measure: Any) -> Any:
    try:
        return await refresh(basin, measure)
    except Exception:
        return None


async def tells_nothing(basin: Any, measure: Any) -> None:
    await refresh(basin, measure)


async def always_27(basin: Any, measure: Any) -> Any:
    async def measured() -> Any:
        await measure()
        return 27

    return await refresh(basin, measured)


async def tells_in_any_case(basin: Any, measure: Any) -> Any:
    if basin not in await get("basins", whole):
        return None
    degrees = await measure()
    await update("basins", lambda now: now | {basin: degrees} if basin in now else now)
    return degrees


async def unless_cold(basin: Any, measure: Any) -> Any:
    return await refresh(basin, measure) if await get("basins", lambda basins: basins.get(basin)) else None


async def asks_afterwards(basin: Any, measure: Any) -> Any:
    """Answers what is in the dict after it has written, by whomever."""
    if basin not in await get("basins", whole):
        return None
    degrees = await measure()
    await update("basins", lambda now: now | {basin: degrees} if basin in now else now)
    return await get("basins", lambda now: now.get(basin))


async def measures_again(basin: Any, measure: Any) -> Any:
    async def patiently() -> Any:
        try:
            return await measure()
        except Exception:
            return await measure()

    return await refresh(basin, patiently)


async def in_a_linked_task(basin: Any, measure: Any) -> Any:
    return await refresh(basin, lambda: Task.await_(Task.async_(measure), timeout=120.0))


measured_in = "in which process the slow part runs"
table.right(ex.refresh, "lets a task measure", in_a_task)
table.wrong(ex.refresh, "has more patience", patient, measured_in)
table.wrong(ex.refresh, "writes the old dict back", writes_all, "others have changed theirs while you measured")
table.wrong(ex.refresh, "looks only before", looks_once, "what is still true when you write")
table.wrong(ex.refresh, "looks only afterwards", looks_at_the_end, "once at most")
table.wrong(ex.refresh, "looks once more, but at home", looks_twice_at_home, "at the same moment", BETWEEN)
table.wrong(ex.refresh, "tells a temperature of a basin that is gone", tells_in_any_case, "what is still true")
table.wrong(ex.refresh, "takes 0 for nothing", never_zero, "it passed the first one", "handed on")
table.wrong(ex.refresh, "measures twice", measures_twice, "a thermometer is asked: once at most")
table.wrong(ex.refresh, "catches what measure raises", catches, "what is caught")
table.wrong(ex.refresh, "takes a basin of 0 degrees for none", unless_cold, "however cold it is")
table.wrong(ex.refresh, "answers what another has written", asks_afterwards, "wrote -40", BETWEEN)
table.wrong(ex.refresh, "measures again after an exception", measures_again, "how often was it called", "second try")
table.wrong(ex.refresh, "is ended by its task", in_a_linked_task, "the caller has ended", "where `measure` runs")
table.wrong(ex.refresh, "answers nothing", tells_nothing, "handed on")
table.hard_coded(ex.refresh, "always 27", always_27, "it passed the first one")

# ---- repair 2: house --------------------------------------------------------------------------------------------


class House:
    """One agent with a dict."""

    @classmethod
    async def start_link(cls, seats: int) -> Any:
        return await Agent.start_link(lambda: {"pool": 0, "sauna": 0, "seats": seats}, name="house")

    @staticmethod
    async def counts() -> Any:
        return await get("house", lambda house: (house["pool"], house["sauna"]))

    @staticmethod
    async def enter() -> Any:
        return await update("house", lambda house: house | {"pool": house["pool"] + 1})

    @staticmethod
    async def walk() -> Any:
        return await get_and_update("house", moved, 1)

    @staticmethod
    async def back() -> Any:
        return await get_and_update("house", moved, -1)


def moved(house: Any, n: int, limit: bool = True) -> Any:
    pool, sauna = house["pool"] - n, house["sauna"] + n
    if pool < 0 or sauna < 0:
        return "nobody", house
    if limit and sauna > house["seats"]:
        return "full", house
    return "ok", house | {"pool": pool, "sauna": sauna}


class HouseServer(GenServer):
    """It need not be an agent."""

    @classmethod
    async def start_link(cls, seats: int) -> Any:  # type: ignore[override]
        return await super().start_link({"pool": 0, "sauna": 0, "seats": seats}, name="house")

    def init(self, house: Any) -> Any:
        return Ok(house)

    def handle_call(self, request: Any, from_: Any, house: Any) -> Any:
        match request:
            case "counts":
                return Reply((house["pool"], house["sauna"]), house)
            case "enter":
                return Reply("ok", house | {"pool": house["pool"] + 1})
            case ("move", n):
                return Reply(*moved(house, n))
        return NoReply(house)

    @staticmethod
    async def counts() -> Any:
        return await GenServer.call("house", "counts")

    @staticmethod
    async def enter() -> Any:
        return await GenServer.call("house", "enter")

    @staticmethod
    async def walk() -> Any:
        return await GenServer.call("house", ("move", 1))

    @staticmethod
    async def back() -> Any:
        return await GenServer.call("house", ("move", -1))


class TwoAgents:
    """As it was, with functions that cannot go below zero, and every change by `update`."""

    @classmethod
    async def start_link(cls, seats: int) -> Any:
        old = Process.whereis("pool")
        if old is not None:
            await Agent.stop("pool")
        await Agent.start_link(lambda: 0, name="pool")
        return await Agent.start_link(lambda: (0, seats), name="sauna")

    @staticmethod
    async def counts() -> Any:
        pool = await get("pool", whole)
        return pool, await get("sauna", lambda sauna: sauna[0])

    @staticmethod
    async def enter() -> Any:
        return await update("pool", lambda n: n + 1)

    @staticmethod
    async def walk() -> Any:
        pool, (sauna, seats) = await get("pool", whole), await get("sauna", whole)
        if pool == 0 or sauna == seats:
            return "nobody" if pool == 0 else "full"
        await update("pool", lambda n: n - 1)
        return await update("sauna", lambda s: (s[0] + 1, s[1]))

    @staticmethod
    async def back() -> Any:
        if await get("sauna", lambda sauna: sauna[0]) == 0:
            return "nobody"
        await update("sauna", lambda s: (s[0] - 1, s[1]))
        return await update("pool", lambda n: n + 1)


class LeftOver(TwoAgents):
    """The agent of the pool stays when the house is stopped."""

    @classmethod
    async def start_link(cls, seats: int) -> Any:
        if Process.whereis("pool") is None:
            await Agent.start_link(lambda: 0, name="pool")
        return await Agent.start_link(lambda: (0, seats), name="sauna")


class TwoSteps(House):
    """One agent, and two updates."""

    @staticmethod
    async def walk() -> Any:
        answer = await get("house", lambda house: moved(house, 1)[0])
        if answer != "ok":
            return answer
        await update("house", lambda house: house | {"pool": house["pool"] - 1})
        return await update("house", lambda house: house | {"sauna": house["sauna"] + 1})


class TwoGets(House):
    @staticmethod
    async def counts() -> Any:
        return await get("house", lambda h: h["pool"]), await get("house", lambda h: h["sauna"])


class LooksFirst(House):
    @staticmethod
    async def walk() -> Any:
        answer = await get("house", lambda house: moved(house, 1)[0])
        if answer == "ok":
            await update("house", lambda house: moved(house, 1, limit=False)[1])
        return answer


class NoLimit(House):
    @staticmethod
    async def walk() -> Any:
        return await get_and_update("house", moved, 1, False)


class OneSeat(House):
    @classmethod
    async def start_link(cls, seats: int) -> Any:
        return await super().start_link(1)


class Listed(House):
    @staticmethod
    async def counts() -> Any:
        return await get("house", lambda house: [house["pool"], house["sauna"]])


class BelowZero(House):
    @staticmethod
    async def back() -> Any:
        def home(house: Any) -> Any:
            return "ok", house | {"pool": house["pool"] + 1, "sauna": house["sauna"] - 1}

        return await get_and_update("house", home)


class Loose(House):
    @classmethod
    async def start_link(cls, seats: int) -> Any:
        return await Agent.start(lambda: {"pool": 0, "sauna": 0, "seats": seats}, name="house")


class EntersTorn(House):
    @staticmethod
    async def enter() -> Any:
        pool = await get("house", lambda house: house["pool"])
        return await update("house", lambda house: house | {"pool": pool + 1})


class BackTorn(House):
    @staticmethod
    async def back() -> Any:
        if await get("house", lambda house: house["sauna"]) == 0:
            return "nobody"
        return await update("house", lambda house: moved(house, -1)[1])


class BackInTwo(House):
    @staticmethod
    async def back() -> Any:
        def out(house: Any) -> Any:
            if house["sauna"] == 0:
                return "nobody", house
            return "ok", house | {"sauna": house["sauna"] - 1}

        answer = await get_and_update("house", out)
        if answer == "ok":
            await update("house", lambda house: house | {"pool": house["pool"] + 1})
        return answer


class OfTheClass:
    """The agent is there for show: a dict of the class is what its functions change."""

    house: ClassVar[Any] = {}

    @classmethod
    async def start_link(cls, seats: int) -> Any:
        cls.house = {"pool": 0, "sauna": 0, "seats": seats}
        return await Agent.start_link(lambda: 0, name="house")

    @classmethod
    def changed(cls, answer: str, house: Any) -> str:
        cls.house = house
        return answer

    @classmethod
    async def counts(cls) -> Any:
        return cls.house["pool"], cls.house["sauna"]

    @classmethod
    async def enter(cls) -> Any:
        return cls.changed("ok", cls.house | {"pool": cls.house["pool"] + 1})

    @classmethod
    async def walk(cls) -> Any:
        return cls.changed(*moved(cls.house, 1))

    @classmethod
    async def back(cls) -> Any:
        return cls.changed(*moved(cls.house, -1))


class SeatsOfTheClass(House):
    """The numbers are kept by the agent, and the limit by the class."""

    seats: ClassVar[int] = 0

    @classmethod
    async def start_link(cls, seats: int) -> Any:
        cls.seats = seats
        return await House.start_link(10**6)

    @classmethod
    async def walk(cls) -> Any:  # type: ignore[override]
        return await get_and_update("house", lambda house, seats=cls.seats: moved(house | {"seats": seats}, 1))


class PidOfTheClass(House):
    """The agent has no name, and its pid stands in the class."""

    pid: ClassVar[Any] = None

    @classmethod
    async def start_link(cls, seats: int) -> Any:
        cls.pid = await Agent.start_link(lambda: {"pool": 0, "sauna": 0, "seats": seats})
        return cls.pid

    @classmethod
    async def counts(cls) -> Any:  # type: ignore[override]
        return await get(cls.pid, lambda house: (house["pool"], house["sauna"]))

    @classmethod
    async def enter(cls) -> Any:  # type: ignore[override]
        return await update(cls.pid, lambda house: house | {"pool": house["pool"] + 1})

    @classmethod
    async def walk(cls) -> Any:  # type: ignore[override]
        return await get_and_update(cls.pid, moved, 1)

    @classmethod
    async def back(cls) -> Any:  # type: ignore[override]
        return await get_and_update(cls.pid, moved, -1)


class BelowASupervisor(House):
    @classmethod
    async def start_link(cls, seats: int) -> Any:
        child = ChildSpec("house", (House.start_link, (seats,)))
        return await Supervisor.start_link([child], strategy="one_for_one")


AGREE = "which values have to agree at every moment"
table.right(ex.house, "holds a dict", House)
table.right(ex.house, "is a GenServer", HouseServer)
table.right(ex.house, "stands below a supervisor", BelowASupervisor)
table.wrong(ex.house, "keeps the pid in the class", PidOfTheClass, "another node", "found by its name")
table.wrong(ex.house, "has two agents still", TwoAgents, "`counts` was called meanwhile", AGREE)
table.wrong(ex.house, "leaves one of two agents behind", LeftOver, "how a house begins: empty")
table.wrong(ex.house, "has one agent and two updates", TwoSteps, AGREE)
table.wrong(ex.house, "reads one agent twice", TwoGets, AGREE)
table.wrong(ex.house, "looks before it walks", LooksFirst, "the one seat", BETWEEN)
table.wrong(ex.house, "knows no limit", NoLimit, "Hoped for: 'full'", "what is returned in each of the cases")
table.wrong(ex.house, "looks before it enters", EntersTorn, "two people entered", BETWEEN)
table.wrong(ex.house, "looks before it goes back", BackTorn, "the one person out of the sauna", BETWEEN)
table.wrong(ex.house, "goes back in two steps", BackInTwo, "went back", AGREE)
table.wrong(ex.house, "keeps the numbers in the class", OfTheClass, "a house of another node", "where it is kept")
table.wrong(ex.house, "keeps the limit in the class", SeatsOfTheClass, "another node", "where it is kept")
table.wrong(ex.house, "returns a list", Listed, "Hoped for: (0, 0)")
table.wrong(ex.house, "has fewer than nobody in the sauna", BelowZero, "Hoped for: 'nobody'")
table.wrong(ex.house, "is linked to nobody", Loose, "who is linked to whom")
table.hard_coded(ex.house, "has one seat", OneSeat, "it passed the first one")

# ---- the design: door -------------------------------------------------------------------------------------------


class Door(Agent):
    """One list: whoever stands behind the first `limit` places waits."""

    @classmethod
    async def start_link(cls, limit: int) -> Any:  # type: ignore[override]
        return await super().start_link(lambda: (limit, []), name="door")

    @staticmethod
    async def arrive(ticket: str) -> Any:
        return await get_and_update("door", arrived, ticket)

    @staticmethod
    async def leave(ticket: str) -> Any:
        return await get_and_update("door", left, ticket)

    @staticmethod
    async def board() -> Any:
        return await get("door", lambda door: (min(door[0], len(door[1])), max(0, len(door[1]) - door[0])))

    @staticmethod
    async def call_out(say: Any) -> Any:
        waiting = await get("door", lambda door: door[1][door[0] :])
        return [await say(ticket) for ticket in waiting]


def place(line: Any, limit: int, ticket: str) -> Any:
    at = line.index(ticket) + 1
    return "in" if at <= limit else ("waiting", at - limit)


def arrived(door: Any, ticket: str) -> Any:
    limit, line = door
    line = line if ticket in line else [*line, ticket]
    return place(line, limit, ticket), (limit, line)


def left(door: Any, ticket: str) -> Any:
    limit, line = door
    first = line[limit] if ticket in line[:limit] and len(line) > limit else None
    return first, (limit, [one for one in line if one != ticket])


class Twice(Door):
    """Whoever comes again stands in the queue once more."""

    @staticmethod
    async def arrive(ticket: str) -> Any:
        def again(door: Any) -> Any:
            limit, line = door
            if ticket in line[:limit]:
                return "in", door
            at = len(line) + 1
            return "in" if at <= limit else ("waiting", at - limit), (limit, [*line, ticket])

        return await get_and_update("door", again)


class FromZero(Door):
    @staticmethod
    async def arrive(ticket: str) -> Any:
        answer = await Door.arrive(ticket)
        return answer if answer == "in" else ("waiting", answer[1] - 1)


class Newest(Door):
    """Whoever came last goes in first."""

    @staticmethod
    async def leave(ticket: str) -> Any:
        def out(door: Any) -> Any:
            limit, line = door
            if ticket in line[:limit] and len(line) > limit:
                inside = [*(one for one in line[:limit] if one != ticket), line[-1]]
                return line[-1], (limit, [*inside, *line[limit:-1]])
            return left(door, ticket)

        return await get_and_update("door", out)


class AnyLeave(Door):
    """Whoever leaves, somebody goes in: also when the one who leaves has waited."""

    @staticmethod
    async def leave(ticket: str) -> Any:
        def out(door: Any) -> Any:
            limit, line = door
            first = line[limit] if len(line) > limit else None
            return first, left(door, ticket)[1]

        return await get_and_update("door", out)


class Strangers(Door):
    @staticmethod
    async def leave(ticket: str) -> Any:
        def out(door: Any) -> Any:
            limit, line = door
            line.remove(ticket)
            return None, (limit, line)

        return await get_and_update("door", out)


class AsksFirst(Door):
    @staticmethod
    async def arrive(ticket: str) -> Any:
        limit, line = await get("door", whole)
        if ticket in line:
            return place(line, limit, ticket)
        await update("door", lambda door: (door[0], [*door[1], ticket]))
        return place([*line, ticket], limit, ticket)


class AsksAfter(Door):
    @staticmethod
    async def leave(ticket: str) -> Any:
        before = await get("door", whole)
        await update("door", lambda door: left(door, ticket)[1])
        return left(before, ticket)[0]


class CallsInside(Door):
    @staticmethod
    async def call_out(say: Any) -> Any:
        async def work(door: Any) -> Any:
            limit, line = door
            return [await say(ticket) for ticket in line[limit:]]

        return await get("door", work, timeout=600.0)


class CallsOneByOne(Door):
    """Asks anew after each: who comes meanwhile is called, and who leaves makes it skip one."""

    @staticmethod
    async def call_out(say: Any) -> Any:
        answers: list[Any] = []
        while True:
            waiting = await get("door", lambda door: door[1][door[0] :])
            if len(answers) >= len(waiting):
                return answers
            answers.append(await say(waiting[len(answers)]))


class Swallows(Door):
    @staticmethod
    async def call_out(say: Any) -> Any:
        try:
            return await Door.call_out(say)
        except LookupError:
            return []


class CallsAll(Door):
    @staticmethod
    async def call_out(say: Any) -> Any:
        waiting = await get("door", lambda door: door[1][door[0] :])
        return await Task.await_many([Task.async_(say, ticket) for ticket in waiting], timeout=600.0)


class CallsAgain(Door):
    @staticmethod
    async def call_out(say: Any) -> Any:
        async def patiently(ticket: str) -> Any:
            try:
                return await say(ticket)
            except Exception:
                return await say(ticket)

        return await Door.call_out(patiently)


class OnlyAnswers(Door):
    @staticmethod
    async def call_out(say: Any) -> Any:
        return [answer for answer in await Door.call_out(say) if answer is not None]


class LooksForThePlace(Door):
    """Is put into the line by one call, and looks for its place by another."""

    @staticmethod
    async def arrive(ticket: str) -> Any:
        await update("door", lambda door: arrived(door, ticket)[1])
        return await get("door", lambda door: place(door[1], door[0], ticket))


class OutThenIn(Door):
    """Two lists; one call takes the visitor out, and another lets the next one in."""

    @classmethod
    async def start_link(cls, limit: int) -> Any:  # type: ignore[override]
        return await Agent.start_link(lambda: (limit, [], []), name="door")

    @staticmethod
    async def arrive(ticket: str) -> Any:
        def come(door: Any) -> Any:
            limit, inside, queue = door
            if ticket in inside:
                return "in", door
            if ticket in queue:
                return ("waiting", queue.index(ticket) + 1), door
            if len(inside) < limit and not queue:
                return "in", (limit, [*inside, ticket], queue)
            return ("waiting", len(queue) + 1), (limit, inside, [*queue, ticket])

        return await get_and_update("door", come)

    @staticmethod
    async def leave(ticket: str) -> Any:
        def out(door: Any) -> Any:
            limit, *both = door
            inside, queue = ([one for one in line if one != ticket] for line in both)
            return ticket in both[0], (limit, inside, queue)

        def next_in(door: Any) -> Any:
            limit, inside, queue = door
            return (queue[0], (limit, [*inside, queue[0]], queue[1:])) if queue else (None, door)

        return await get_and_update("door", next_in) if await get_and_update("door", out) else None

    @staticmethod
    async def board() -> Any:
        return await get("door", lambda door: (len(door[1]), len(door[2])))

    @staticmethod
    async def call_out(say: Any) -> Any:
        return [await say(ticket) for ticket in await get("door", lambda door: door[2])]


class BoardTwice(Door):
    @staticmethod
    async def board() -> Any:
        inside = await get("door", lambda door: min(door[0], len(door[1])))
        return inside, await get("door", lambda door: max(0, len(door[1]) - door[0]))


class LineOfTheClass(Door):
    """The line stands in the class, and is changed by functions that run in the agent."""

    line: ClassVar[Any] = []

    @classmethod
    async def start_link(cls, limit: int) -> Any:  # type: ignore[override]
        LineOfTheClass.line = []
        return await Agent.start_link(lambda: limit, name="door")

    @staticmethod
    def kept(answer: Any, door: Any) -> Any:
        limit, LineOfTheClass.line = door
        return answer, limit

    @staticmethod
    async def arrive(ticket: str) -> Any:
        return await get_and_update("door", lambda n: Line.kept(*arrived((n, Line.line), ticket)))

    @staticmethod
    async def leave(ticket: str) -> Any:
        return await get_and_update("door", lambda n: Line.kept(*left((n, Line.line), ticket)))

    @staticmethod
    async def board() -> Any:
        return await get("door", lambda n: (min(n, len(Line.line)), max(0, len(Line.line) - n)))

    @staticmethod
    async def call_out(say: Any) -> Any:
        return [await say(ticket) for ticket in await get("door", lambda n: Line.line[n:])]


Line = LineOfTheClass


class OfTwo(Door):
    @classmethod
    async def start_link(cls, limit: int) -> Any:  # type: ignore[override]
        return await super().start_link(2)


queue = "who is inside, who waits and in which order"
table.right(ex.door, "has one list", Door)
table.wrong(ex.door, "lets a ticket wait twice", Twice, "ben waited behind ann", queue)
table.wrong(ex.door, "counts places from zero", FromZero, "Hoped for: ('waiting', 1)")
table.wrong(ex.door, "lets in the newest", Newest, "Hoped for: 'ann'", queue)
table.wrong(ex.door, "says that somebody goes in whoever leaves", AnyLeave, "ben waited behind ann", queue)
table.wrong(ex.door, "removes strangers", Strangers, "What it raises ends the agent")
table.wrong(ex.door, "asks, then adds", AsksFirst, "at the same moment", BETWEEN)
table.wrong(ex.door, "asks before it lets out", AsksAfter, "at the same moment", BETWEEN)
table.wrong(ex.door, "calls in the agent", CallsInside, "in which process the slow part runs")
table.wrong(ex.door, "asks anew after each call", CallsOneByOne, "those who wait when `call_out` begins")
table.wrong(ex.door, "swallows what say raises", Swallows, "what is caught")
table.wrong(ex.door, "calls all at once", CallsAll, "one after the other")
table.wrong(ex.door, "calls again after an exception", CallsAgain, "how often was it called", "second try")
table.wrong(ex.door, "leaves out an answer that is None", OnlyAnswers, "what each `say` returns")
table.wrong(ex.door, "looks for the place afterwards", LooksForThePlace, "ann arrived, and was taken out", BETWEEN)
table.wrong(ex.door, "lets the next one in by a second call", OutThenIn, "`board` was called meanwhile", BETWEEN)
table.wrong(ex.door, "reads the board twice", BoardTwice, "`board` was called meanwhile", BETWEEN)
table.wrong(ex.door, "keeps the line in the class", LineOfTheClass, "another node", "where it is kept")
table.hard_coded(ex.door, "holds two", OfTwo, "it passed the first one")

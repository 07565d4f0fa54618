"""Registry: find processes by a key of your own, and forget them when they die.

``"unique"`` keys name one process each: use them with `Via` wherever a server is asked for.
``"duplicate"`` keys gather many: a topic and its subscribers, reached by `Registry.dispatch`.

A process registers itself, and only itself. Names from user input belong here, and not among
the node's own names.

What a registry does for one key or one process costs the same whatever else is in it; only a
`Registry.select` that leaves the key open looks at every entry.

OTP: ``Registry``
"""

from __future__ import annotations

from _thread import get_ident
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from .child_spec import ChildSpec
from .copying import AS_THEY_ARE, copy_term
from .errors import BadArg, safe_repr
from .gen_server import GenServer, start_server
from .matching import ANY, Place, check_pattern, exact, fitting, has_holes, place_of_copy
from .names import what_was_meant
from .node import Node, current_node
from .plain_functions import check_step, plain, plain_answer
from .plain_functions import guard as checked_guard
from .primitives import Process, current_process
from .process import ControlBlock, runtime
from .results import NoReply, Stop
from .terms import Address, Ok, Pid
from .threads import enter

Keys = Literal["unique", "duplicate"]


class AlreadyRegistered(Exception):
    """The key is taken in a unique registry; ``pid`` is who has it, be it the caller itself.

    OTP: ``{:error, {:already_registered, pid}}``
    """

    __match_args__ = ("pid",)

    def __init__(self, pid: Pid) -> None:
        super().__init__(pid)
        self.pid = pid

    def __str__(self) -> str:
        return f"{self.pid!r} has this key, and the registry is unique: take another key, or send to who has it"


class Entry(NamedTuple):
    """One process under one key."""

    pid: Pid
    key: Any
    value: Any


Entries = OrderedDict[int, Entry]
"""Entries by their numbers, in the order of registration.

An OrderedDict, for going through one costs what is in it; through a dict, also what was in it.
"""
Function = Callable[..., Any]


class Book:
    """The entries of one registry, by key, and by process and key."""

    def __init__(self, keys: Keys, process: ControlBlock) -> None:
        self.unique = keys == "unique"
        self.process = process
        self.last = 0  # the number of the last entry that was made
        self.size = 0
        self.by_key: OrderedDict[Place, Entries] = OrderedDict()
        self.by_pid: dict[Pid, OrderedDict[Place, Entries]] = {}
        self.watched: set[Pid] = set()  # those who will be forgotten when they end
        self.meta: dict[Place, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __deepcopy__(self, memo: object) -> list[Entry]:
        return [Entry(*copy_term(tuple(entry))) for entry in self.entries()]  # what sys_.get_state shows

    def describe(self) -> str:
        """The kind of keys and the number of entries, as pictures show them."""
        kind = "unique" if self.unique else "duplicate"
        return f"{kind} keys, {self.size:,} {'entry' if self.size == 1 else 'entries'}"

    def entries(self) -> list[Entry]:
        """All entries, in the order of their keys' first registration."""
        return [entry for entries in self.by_key.values() for entry in entries.values()]

    def contents(self) -> tuple[Any, ...]:
        """All that decides what the registry will answer; the entries' numbers count only by their order."""
        numbers = sorted(number for entries in self.by_key.values() for number in entries)
        rank = {number: place for place, number in enumerate(numbers)}
        ranked = [(rank[number], *entry) for entries in self.by_key.values() for number, entry in entries.items()]
        return self.unique, self.process, ranked, self.meta

    def under(self, key: Any) -> list[Entry]:
        """The entries under a key."""
        entries = self.by_key.get(exact(key))
        return [] if entries is None else [*entries.values()]

    def of(self, pid: Pid) -> list[Entry]:
        """The entries of a process, in the order of registration."""
        numbered: dict[int, Entry] = {}
        for entries in self.by_pid.get(pid, {}).values():
            numbered.update(entries)
        return [numbered[number] for number in sorted(numbered)]

    def held(self, pid: Pid, key: Any) -> list[tuple[int, Entry]]:
        """The numbered entries of a process under a key."""
        return [*self.by_pid.get(pid, {}).get(exact(key), {}).items()]

    def put(self, number: int, entry: Entry) -> None:
        """Enter an entry, or put another in its place."""
        place = exact(entry.key)
        self.by_key.setdefault(place, OrderedDict())[number] = entry
        self.by_pid.setdefault(entry.pid, OrderedDict()).setdefault(place, OrderedDict())[number] = entry

    def add(self, entry: Entry) -> None:
        """Enter a new entry."""
        self.last += 1
        self.put(self.last, entry)
        self.size += 1

    def remove(self, number: int, entry: Entry) -> None:
        """Take an entry out, and each index of it that is empty then."""
        place = exact(entry.key)
        mine = self.by_pid[entry.pid]
        for index in (self.by_key, mine):
            del index[place][number]
            if not index[place]:
                del index[place]
        if not mine:
            del self.by_pid[entry.pid]
        self.size -= 1

    def forget(self, pid: Pid) -> None:
        """A process has ended: take its entries out."""
        self.watched.discard(pid)
        for entries in [*self.by_pid.get(pid, {}).values()]:
            for number, entry in [*entries.items()]:
                self.remove(number, entry)


class Registry:
    """Start one under a name; its other functions are plain, not awaited.

    OTP: ``Registry``
    Differs: a dead process's entries are gone at once, also from `lookup` and `count`; there
        are no partitions.

    Example:
        >>> from otp_mini import GenServer, Registry, Via, run
        >>> async def main():
        ...     await Registry.start_link(keys="unique", name="rooms")
        ...     lobby = Via("rooms", "lobby")
        ...     pid = await GenServer.start_link("empty", name=lobby)
        ...     return GenServer.whereis(lobby) == pid, Registry.count("rooms")
        >>> run(main)
        (True, 1)
    """

    @classmethod
    async def start_link(cls, options: dict[str, Any] | None = None, *, keys: Keys = "unique", name: Any = None) -> Any:
        """Start a registry linked to the caller.

        Args:
            options: the same two as a dict, for a list of children.
            keys: ``"unique"`` or ``"duplicate"``.
            name: what the other functions find it by.

        OTP: ``Registry.start_link/1``
        """
        if options is not None and (name is not None or keys != "unique"):
            raise BadArg("a registry's options are given once: as a dict, or as keys=… and name=…")
        given = {"keys": keys, "name": name, **_options(options)}
        if given["keys"] not in ("unique", "duplicate"):
            raise BadArg(f'keys must be "unique" or "duplicate", got {safe_repr(given["keys"])}')
        if given["name"] is None:
            raise BadArg('a registry needs a name: Registry.start_link(keys="unique", name="rooms")')
        return await start_server(
            _Server, (given["name"], given["keys"]), name=given["name"], timeout=None, link=True, label=cls.__name__
        )

    @classmethod
    def child_spec(cls, options: dict[str, Any]) -> ChildSpec:
        """How a supervisor starts one: ``(Registry, {"keys": "unique", "name": "rooms"})``.

        OTP: ``Registry.child_spec/1``
        """
        start = (cls.start_link, (options,))
        return ChildSpec(id=_options(options).get("name", cls), start=start, type="supervisor", modules=(cls,))

    @staticmethod
    def register(registry: Any, key: Any, value: Any = None) -> Pid:
        """Enter the caller under a key; answers the pid of the registry.

        Raises:
            AlreadyRegistered: the registry is unique and the key is taken.
            BadArg: no copy of the key equals it, so that nobody would find it.

        OTP: ``Registry.register/3``
        """
        book, caller = _book(registry), current_process()
        holder = _enter(book, caller, key, value)
        if holder is not None:
            raise AlreadyRegistered(holder)
        return book.process.pid

    @staticmethod
    def unregister(registry: Any, key: Any) -> str:
        """Take out the caller's entries under a key.

        OTP: ``Registry.unregister/2``
        """
        return Registry.unregister_match(registry, key, ANY)

    @staticmethod
    def unregister_match(registry: Any, key: Any, pattern: Any, guard: Function | None = None) -> str:
        """Take out those of the caller's entries under a key whose values match.

        Args:
            registry: its name.
            key: under which the entries are.
            pattern: an ETS pattern (``ets.ANY``, ``ets.Var(1)``) of the value.
            guard: a function of the pattern's variables, by their numbers. None lets all pass.

        OTP: ``Registry.unregister_match/3``, ``Registry.unregister_match/4``
        """
        book, caller = _book(registry), current_process()
        check_pattern(pattern)
        numbered = ANY, (ANY, ANY, pattern)
        held = book.held(caller.pid, key)
        for (number, entry), _ in _passing(numbered, held, guard, "unregister_match"):
            book.remove(number, entry)
        if caller.pid not in book.by_pid:
            caller.node.signals.unlink(caller, book.process.pid)
        return "ok"

    @staticmethod
    def lookup(registry: Any, key: Any) -> list[tuple[Pid, Any]]:
        """``(pid, value)`` of each entry under a key.

        OTP: ``Registry.lookup/2``
        """
        found = []
        for entry in _book(registry).under(key):
            value = entry.value
            found.append((entry.pid, value if type(value) in AS_THEY_ARE else _copied(value)))
        return found

    @staticmethod
    def match(registry: Any, key: Any, pattern: Any, guard: Function | None = None) -> list[tuple[Pid, Any]]:
        """`lookup`, of those whose value matches an ETS pattern (``ets.ANY``, ``ets.Var(1)``).

        Args:
            registry: its name.
            key: under which the entries are.
            pattern: of the value.
            guard: a function of the pattern's variables, by their numbers. None lets all pass.

        OTP: ``Registry.match/3``, ``Registry.match/4``
        Differs: the guard is a Python function, as in `ets.select`.
        """
        return [(entry.pid, _copied(entry.value)) for entry in _matching(registry, key, pattern, guard, "match")]

    @staticmethod
    def count_match(registry: Any, key: Any, pattern: Any, guard: Function | None = None) -> int:
        """How many entries `match` would answer.

        OTP: ``Registry.count_match/3``, ``Registry.count_match/4``
        """
        return len(_matching(registry, key, pattern, guard, "count_match"))

    @staticmethod
    def select(
        registry: Any, head: Any = (ANY, ANY, ANY), guard: Function | None = None, body: Function | None = None
    ) -> list[Any]:
        """For each entry that fits ``head`` and passes ``guard``: what ``body`` makes of it.

        Args:
            registry: its name.
            head: an ETS pattern of ``(key, pid, value)``. Where it says the key, only the
                entries under that key are looked at.
            guard: a function of the head's variables, by their numbers. None lets all pass.
            body: a function of the same. None answers ``(key, pid, value)``.

        Raises:
            BadArg: the head is no pattern of three; guard or body is an ``async def`` or has a
                ``yield``, or a guard answers None.

        OTP: ``Registry.select/2`` with a match specification of one clause
        Differs: guard and body are Python functions, as in `ets.select`.

        Example:
            >>> from otp_mini import Registry, ets, run
            >>> async def main():
            ...     await Registry.start_link(keys="unique", name="rooms")
            ...     for room, seats in (("lobby", 4), ("hall", 200)):
            ...         Registry.register("rooms", room, seats)
            ...     head = ets.Var(1), ets.ANY, ets.Var(2)
            ...     return Registry.select("rooms", head, lambda room, seats: seats > 9, lambda room, seats: room)
            >>> run(main)
            ['hall']
        """
        make = None if body is None else plain(body, "the body of Registry.select")
        selected = _selected(registry, head, guard, "select")
        if make is None:
            return [_copied((entry.key, entry.pid, entry.value)) for entry, _ in selected]
        return [make(*_copied(values)) for _, values in selected]

    @staticmethod
    def count_select(registry: Any, head: Any = (ANY, ANY, ANY), guard: Function | None = None) -> int:
        """How many entries `select` would answer, without copying them.

        OTP: ``Registry.count_select/2`` with a match specification of one clause whose body is ``true``
        Differs: as `select`.

        Example:
            >>> from otp_mini import Registry, ets, run
            >>> async def main():
            ...     await Registry.start_link(keys="duplicate", name="topics")
            ...     for topic, level in (("news", 1), ("news", 5), ("sports", 5)):
            ...         Registry.register("topics", topic, level)
            ...     return Registry.count_select("topics", ("news", ets.ANY, ets.Var(1)), lambda level: level > 3)
            >>> run(main)
            1
        """
        return len(_selected(registry, head, guard, "count_select"))

    @staticmethod
    def keys(registry: Any, pid: Pid) -> list[Any]:
        """The keys of a process; in a duplicate registry a key may repeat.

        OTP: ``Registry.keys/2``
        """
        return [_copied(entry.key) for entry in _book(registry).of(_pid(pid, "keys"))]

    @staticmethod
    def values(registry: Any, key: Any, pid: Pid) -> list[Any]:
        """The values of a process under a key.

        OTP: ``Registry.values/3``
        """
        return [_copied(entry.value) for _, entry in _book(registry).held(_pid(pid, "values"), key)]

    @staticmethod
    def count(registry: Any) -> int:
        """How many entries there are.

        OTP: ``Registry.count/1``
        """
        return _book(registry).size

    @staticmethod
    def update_value(registry: Any, key: Any, change: Callable[[Any], Any]) -> tuple[Any, Any] | None:
        """Replace the caller's value by ``change(value)``: ``(new, old)``, or None without an entry.

        Raises:
            BadArg: the registry is not unique; ``change`` is an ``async def`` or has a ``yield``.

        OTP: ``Registry.update_value/3``
        """
        book, caller = _book(registry), current_process()
        if not book.unique:
            raise BadArg(
                f"update_value needs unique keys, and those of {safe_repr(registry)} are duplicate: it could not say "
                "which entry is meant. Unregister the entry, and register it with its new value."
            )
        new_value = plain(change, "the function of Registry.update_value")
        for number, entry in book.held(caller.pid, key):
            old, new = _copied(entry.value), _copied(new_value(_copied(entry.value)))
            if number in book.by_key.get(exact(key), ()):  # else the function has taken the entry out
                book.put(number, entry._replace(value=new))
                return _copied(new), old
        return None

    @staticmethod
    def dispatch(registry: Any, key: Any, function: Callable[[list[tuple[Pid, Any]]], Any]) -> str:
        """Call ``function`` with all entries under a key, in the caller; not at all for none.

        Args:
            registry: its name.
            key: the topic.
            function: gets a list of ``(pid, value)``. What it answers is not looked at.

        Raises:
            BadArg: the function is an ``async def``, has a ``yield`` or is a class.

        OTP: ``Registry.dispatch/3``
        """
        what = "the function of Registry.dispatch"
        check_step(function, what)
        entries = Registry.lookup(registry, key)
        if entries:
            plain_answer(function(entries), function, what)
        return "ok"

    @staticmethod
    def put_meta(registry: Any, key: Any, value: Any) -> str:
        """Keep something with the registry itself.

        OTP: ``Registry.put_meta/3``
        """
        _book(registry).meta[place_of_copy(key, _copied(key), exact, "Registry.put_meta")] = _copied(value)
        return "ok"

    @staticmethod
    def meta(registry: Any, key: Any, default: Any = None) -> Any:
        """What `put_meta` kept, or ``default``.

        OTP: ``Registry.meta/2``
        """
        meta = _book(registry).meta
        return _copied(meta[exact(key)]) if exact(key) in meta else default


class Via(Address):
    """The address of whoever is registered under ``key`` in a unique registry.

    Give it as ``name`` to a server, and in place of a pid to everything else.

    Args:
        registry: the registry's name.
        key: any term.
        value: what to register with, besides the key.

    OTP: ``{:via, Registry, {registry, key}}``, ``{:via, Registry, {registry, key, value}}``
    """

    __slots__ = ("registry", "key", "value")
    __match_args__ = ("registry", "key", "value")

    def __init__(self, registry: Any, key: Any, value: Any = None) -> None:
        if meant := what_was_meant(registry):
            raise BadArg(f"Via needs the name of a registry, got {safe_repr(registry)}.{meant}")
        self.registry, self.key, self.value = registry, copy_term(key), copy_term(value)

    def __deepcopy__(self, memo: object) -> Via:
        return Via(self.registry, self.key, self.value)  # the key may be a list

    def __repr__(self) -> str:
        shown = (self.registry, self.key) if self.value is None else (self.registry, self.key, self.value)
        return f"Via({', '.join(map(safe_repr, shown))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Via) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> Any:
        return exact((self.registry, self.key))

    def whereis(self) -> Pid | None:
        """Who is registered under the key."""
        entries = self._unique().under(self.key)
        return entries[0].pid if entries else None

    def receiver(self) -> Pid | None:
        """The only holder of the key, in a registry of either kind."""
        entries = _found(self.registry).under(self.key)  # a thread may send to it
        if len(entries) > 1:
            raise BadArg(f"{self!r} has {len(entries)} holders, and a message goes to one: use Registry.dispatch")
        return entries[0].pid if entries else None

    def register(self, pid: Pid) -> Pid | None:
        """Enter ``pid``, which is the caller; answers None, or who has the key."""
        return _enter(self._unique(), current_node().blocks[pid], self.key, self.value)

    def unregister(self) -> None:
        """Take the caller out."""
        Registry.unregister(self.registry, self.key)

    def _unique(self) -> Book:
        book = _book(self.registry)
        if not book.unique:
            raise BadArg(
                f"Via needs a registry with unique keys, and those of {safe_repr(self.registry)} are "
                "duplicate: it could not say which process is meant. Use Registry.dispatch."
            )
        return book


class _Server(GenServer):
    """The process that a registry belongs to. The entries are not its state: they are read without asking it.

    It is linked to every process that has an entry, so its end is theirs too; their ends are no
    concern of its own.
    """

    __slots__ = ()

    def init(self, argument: Any) -> Any:
        name, keys = argument
        Process.flag(trap_exit=True)
        process = current_process()
        books = _books(process.node)
        if name in books:
            return Stop(("already_started", books[name].process.pid))
        books[name] = book = Book(keys, process)

        def close(pid: Pid) -> None:
            del books[name]

        process.cleanups = [*(process.cleanups or ()), close]
        return Ok(book)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


def _books(node: Node) -> dict[Any, Book]:
    books: dict[Any, Book] = node.tables.setdefault("registries", {})
    return books


def _book(registry: Any) -> Book:
    """The book of a registry, for what reads in it or writes."""
    if get_ident() != runtime.thread:  # `stay`, in its own lines: every look-up comes through here
        enter()
    return _found(registry)


def _found(registry: Any) -> Book:
    name = registry.block.name if isinstance(registry, Pid) and registry.block else registry
    try:
        book: Book | None = current_node().tables.get("registries", {}).get(name)
    except TypeError:  # no hash: no registry has it for a name
        book = None
    if book is None:
        if meant := what_was_meant(registry):
            raise BadArg(f"there is no registry {safe_repr(registry)}.{meant}")
        raise BadArg(
            f"there is no registry {safe_repr(registry)}. Start it first, above those who use it: "
            f'Registry.start_link(keys="unique", name={safe_repr(registry)}).'
        )
    return book


def _options(options: Any) -> dict[str, Any]:
    """The options, where they are given as a dict."""
    if options is None:
        return {}
    if not isinstance(options, dict):
        wanted = '{"keys": "unique", "name": "rooms"}'
        raise BadArg(f"a registry's options are a dict, {wanted}; got {safe_repr(options)}")
    if unknown := [name for name in options if name not in ("keys", "name")]:
        raise BadArg(f"a registry has the options keys and name, got {', '.join(map(safe_repr, unknown))}")
    return options


def _pid(pid: Any, function: str) -> Pid:
    if not isinstance(pid, Pid):
        raise BadArg(f"Registry.{function} asks about a process by its pid, got {safe_repr(pid)}")
    return pid


def _enter(book: Book, process: ControlBlock, key: Any, value: Any) -> Pid | None:
    """Enter a process; answers None, or who has the key already."""
    if book.unique and (holders := book.under(key)):
        return holders[0].pid
    copied = process.node.copy
    entry = Entry(process.pid, copied(key), copied(value))
    place_of_copy(key, entry.key, exact, "Registry.register")  # refused before anything is done
    if process.pid not in book.watched:
        book.watched.add(process.pid)
        process.cleanups = process.cleanups or []
        process.cleanups.append(book.forget)
    if process.pid not in book.by_pid:
        process.node.signals.link(process, book.process)
    book.add(entry)
    return None


def _matching(registry: Any, key: Any, pattern: Any, guard: Function | None, function: str) -> list[Entry]:
    """The entries under a key whose value fits and passes."""
    check_pattern(pattern)
    return [entry for entry, _ in _passing((ANY, ANY, pattern), _book(registry).under(key), guard, function)]


def _selected(registry: Any, head: Any, guard: Function | None, function: str) -> list[Selected]:
    """The entries that fit ``(key, pid, value)`` and pass."""
    if not isinstance(head, tuple) or len(head) != 3:
        raise BadArg(f"Registry.{function} takes a pattern of (key, pid, value), got {safe_repr(head)}")
    book, (key, pid, value) = _book(registry), head
    return _passing((pid, key, value), book.entries() if has_holes(key) else book.under(key), guard, function)


Selected = tuple[Any, tuple[Any, ...]]
"""An entry, and the values of a pattern's variables."""


def _passing(pattern: Any, entries: Iterable[Any], guard: Function | None, function: str) -> list[Selected]:
    """The entries that fit and pass, each with the values of the variables: the registry's own."""
    found = fitting(pattern, entries)
    if guard is None:
        return [*found]
    passes = checked_guard(guard, f"the guard of Registry.{function}")
    return [(entry, values) for entry, values in found if passes(*_copied(values))]


def _copied(term: Any) -> Any:
    return current_node().copy(term)


__all__ = ["AlreadyRegistered", "Entry", "Registry", "Via"]

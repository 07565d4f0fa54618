"""Registry: find processes by a key of your own, and forget them when they die.

``"unique"`` keys name one process each: use them with `Via` wherever a server is asked for.
``"duplicate"`` keys gather many: a topic and its subscribers, reached by `Registry.dispatch`.

A process registers itself, and only itself. Names from user input belong here, and not among
the node's own names.

OTP: ``Registry``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from .child_spec import ChildSpec
from .copying import copy_term
from .errors import BadArg, safe_repr
from .ets import ANY, exact, fits
from .gen_server import GenServer, NoReply, Ok, Stop, start_server
from .node import Node, current_node
from .primitives import Process, current_process
from .process import ControlBlock
from .terms import Address, Pid

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


class _Book:
    """The entries of one registry, by key and by process; both in the order of registration."""

    def __init__(self, keys: Keys, process: ControlBlock) -> None:
        self.unique = keys == "unique"
        self.process = process
        self.by_key: dict[Any, list[Entry]] = {}
        self.by_pid: dict[Pid, list[Entry]] = {}
        self.meta: dict[Any, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __deepcopy__(self, memo: object) -> list[Entry]:
        return [Entry(*copy_term(tuple(entry))) for entry in self.entries()]  # what sys_.get_state shows

    def describe(self) -> str:
        """Kind of keys and number of entries, for those who look."""
        count = self.count()
        return f"{'unique' if self.unique else 'duplicate'} keys, {count:,} {'entry' if count == 1 else 'entries'}"

    def count(self) -> int:
        return sum(map(len, self.by_key.values()))

    def entries(self) -> list[Entry]:
        """All entries, in the order of their keys' first registration."""
        return [entry for entries in self.by_key.values() for entry in entries]

    def under(self, key: Any) -> list[Entry]:
        return self.by_key.get(exact(key), [])

    def add(self, entry: Entry) -> None:
        self.by_key.setdefault(exact(entry.key), []).append(entry)
        self.by_pid.setdefault(entry.pid, []).append(entry)

    def remove(self, entry: Entry) -> None:
        key = exact(entry.key)
        for index, where in ((key, self.by_key), (entry.pid, self.by_pid)):
            left = [other for other in where[index] if other is not entry]
            if left:
                where[index] = left
            else:
                del where[index]

    def forget(self, pid: Pid) -> None:
        for entry in self.by_pid.get(pid, []):
            self.remove(entry)


class Registry:
    """Start one under a name; its other functions are plain, not awaited.

    OTP: ``Registry``
    Differs: a dead process's entries are gone at once, also from `count`; there are no
        partitions.

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
        if unknown := set(options or ()) - {"keys", "name"}:
            raise BadArg(f"a registry has the options keys and name, got {', '.join(map(safe_repr, sorted(unknown)))}")
        given = {"keys": keys, "name": name, **(options or {})}
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
        return ChildSpec(id=options.get("name", cls), start=start, type="supervisor", modules=(cls,))

    @staticmethod
    def register(registry: Any, key: Any, value: Any = None) -> Pid:
        """Enter the caller under a key; answers the pid of the registry.

        Raises:
            AlreadyRegistered: the registry is unique and the key is taken.

        OTP: ``Registry.register/3``
        """
        book, caller = _book(registry), current_process()
        holder = _enter(book, caller, key, value)
        if holder is not None:
            raise AlreadyRegistered(holder)
        return book.process.pid

    @staticmethod
    def unregister(registry: Any, key: Any) -> str:
        """Take the caller's entries under a key out.

        OTP: ``Registry.unregister/2``
        """
        return Registry.unregister_match(registry, key, ANY)

    @staticmethod
    def unregister_match(registry: Any, key: Any, pattern: Any) -> str:
        """Take those of the caller's entries out whose value matches.

        OTP: ``Registry.unregister_match/3``
        """
        book, caller = _book(registry), current_process()
        for entry in [*book.under(key)]:
            if entry.pid is caller.pid and fits(pattern, entry.value, {}):
                book.remove(entry)
        if caller.pid not in book.by_pid:
            caller.node.unlink(caller, book.process.pid)
        return "ok"

    @staticmethod
    def lookup(registry: Any, key: Any) -> list[tuple[Pid, Any]]:
        """``(pid, value)`` of each entry under a key.

        OTP: ``Registry.lookup/2``
        """
        return [(entry.pid, _copied(entry.value)) for entry in _book(registry).under(key)]

    @staticmethod
    def match(registry: Any, key: Any, pattern: Any) -> list[tuple[Pid, Any]]:
        """`lookup`, of those whose value matches an ETS pattern (``ets.ANY``, ``ets.Var(1)``).

        OTP: ``Registry.match/3``
        """
        return [(pid, value) for pid, value in Registry.lookup(registry, key) if fits(pattern, value, {})]

    @staticmethod
    def select(registry: Any, pattern: tuple[Any, Any, Any] = (ANY, ANY, ANY)) -> list[tuple[Any, Pid, Any]]:
        """``(key, pid, value)`` of every entry that matches.

        OTP: ``Registry.select/2``
        Differs: takes one pattern, without guards and without a body.
        """
        rows = [(entry.key, entry.pid, entry.value) for entry in _book(registry).entries()]
        return [_copied(row) for row in rows if fits(pattern, row, {})]

    @staticmethod
    def keys(registry: Any, pid: Pid) -> list[Any]:
        """The keys of a process; in a duplicate registry a key may repeat.

        OTP: ``Registry.keys/2``
        """
        return [_copied(entry.key) for entry in _book(registry).by_pid.get(pid, [])]

    @staticmethod
    def values(registry: Any, key: Any, pid: Pid) -> list[Any]:
        """The values of a process under a key.

        OTP: ``Registry.values/3``
        """
        return [_copied(entry.value) for entry in _book(registry).under(key) if entry.pid is pid]

    @staticmethod
    def count(registry: Any) -> int:
        """How many entries there are.

        OTP: ``Registry.count/1``
        """
        return _book(registry).count()

    @staticmethod
    def count_match(registry: Any, key: Any, pattern: Any) -> int:
        """How many entries under a key match.

        OTP: ``Registry.count_match/3``
        """
        return len(Registry.match(registry, key, pattern))

    @staticmethod
    def update_value(registry: Any, key: Any, change: Callable[[Any], Any]) -> tuple[Any, Any] | None:
        """Replace the caller's value by ``change(value)``: ``(new, old)``, or None without an entry.

        Raises:
            BadArg: the registry is not unique.

        OTP: ``Registry.update_value/3``
        """
        book, caller = _book(registry), current_process()
        if not book.unique:
            raise BadArg(
                f"update_value needs unique keys, and those of {safe_repr(registry)} are duplicate: it could not say "
                "which entry is meant. Unregister the entry, and register it with its new value."
            )
        for entry in book.under(key):
            if entry.pid is caller.pid:
                old, new = _copied(entry.value), _copied(change(_copied(entry.value)))
                changed = entry._replace(value=new)
                for entries in (book.by_key[exact(key)], book.by_pid[caller.pid]):
                    entries[next(i for i, other in enumerate(entries) if other is entry)] = changed
                return _copied(new), old
        return None

    @staticmethod
    def dispatch(registry: Any, key: Any, function: Callable[[list[tuple[Pid, Any]]], Any]) -> str:
        """Call ``function`` with all entries under a key, in the caller; not at all for none.

        OTP: ``Registry.dispatch/3``
        """
        entries = Registry.lookup(registry, key)
        if entries:
            function(entries)
        return "ok"

    @staticmethod
    def put_meta(registry: Any, key: Any, value: Any) -> str:
        """Keep something with the registry itself.

        OTP: ``Registry.put_meta/3``
        """
        _book(registry).meta[exact(key)] = _copied(value)
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
        book = self._unique()
        return next((entry.pid for entry in book.under(self.key)), None)

    def receiver(self) -> Pid | None:
        """The only holder of the key, in a registry of either kind."""
        entries = _book(self.registry).under(self.key)
        if len(entries) > 1:
            raise BadArg(f"{self!r} has {len(entries)} holders, and a message goes to one: use Registry.dispatch")
        return entries[0].pid if entries else None

    def register(self, pid: Pid) -> Pid | None:
        """Enter ``pid``, which is the caller; answers None, or who has the key."""
        process: ControlBlock = pid.block
        return _enter(self._unique(), process, self.key, self.value)

    def unregister(self) -> None:
        """Take the caller out."""
        Registry.unregister(self.registry, self.key)

    def _unique(self) -> _Book:
        book = _book(self.registry)
        if not book.unique:
            raise BadArg(
                f"Via needs a registry with unique keys, and those of {safe_repr(self.registry)} are "
                "duplicate: it could not say which process is meant. Use Registry.dispatch."
            )
        return book


class _Server(GenServer):
    """The process that a registry belongs to: it holds the entries' fate, not the entries."""

    __slots__ = ()

    def init(self, argument: Any) -> Any:
        name, keys = argument
        Process.flag(trap_exit=True)
        process = current_process()
        books = _books(process.node)
        if name in books:
            return Stop(("already_started", books[name].process.pid))
        books[name] = book = _Book(keys, process)

        def close(pid: Pid) -> None:
            del books[name]

        process.cleanups = [*(process.cleanups or ()), close]
        return Ok(book)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


def _books(node: Node) -> dict[Any, _Book]:
    books: dict[Any, _Book] = node.tables.setdefault("registries", {})
    return books


def _book(registry: Any) -> _Book:
    node = current_node()
    name = registry.block.name if isinstance(registry, Pid) and registry.block else registry
    book = _books(node).get(name)
    if book is None:
        raise BadArg(
            f"there is no registry {safe_repr(registry)}. Start it first, above those who use it: "
            f'Registry.start_link(keys="unique", name={safe_repr(registry)}).'
        )
    return book


def _enter(book: _Book, process: ControlBlock, key: Any, value: Any) -> Pid | None:
    """Enter a process; answers None, or who has the key already."""
    if book.unique and book.under(key):
        return book.under(key)[0].pid
    if process.pid not in book.by_pid:
        if book.forget not in (process.cleanups or ()):
            process.cleanups = [*(process.cleanups or ()), book.forget]
        process.node.link(process, book.process)
    copied = process.node.copy
    book.add(Entry(process.pid, copied(key), copied(value)))
    return None


def _copied(term: Any) -> Any:
    return current_node().copy(term)


__all__ = ["AlreadyRegistered", "Entry", "Registry", "Via"]

"""Tables that many processes use. A row is copied when it is put in, and when it is read.

A table is the one place in OTP where a process may read what another wrote without asking it.
It has an *owner*, the process that made it, and is deleted when the owner ends, unless an *heir*
was named: then the heir owns it. Its *access* says who may use it: ``"public"`` (all read and
write), ``"protected"`` (all read, the owner writes) or ``"private"`` (the owner alone).

A row is a tuple, and one place in it (``keypos``, the first) is the key:

* ``"set"``: one row for each key; a later insert replaces it;
* ``"ordered_set"``: the same, and the rows are in the order of their keys;
* ``"bag"``: many rows for a key, no two of them equal;
* ``"duplicate_bag"``: many rows for a key, equal ones too.

**Keys are compared strictly**, where Python is lax: ``1``, ``1.0`` and ``True`` are three keys.
An ordered_set compares by order, so there ``1`` and ``1.0`` are one. The order of terms is number
< string < reference < function < pid < tuple (shorter first) < dict (smaller first) < list < bytes.

A look-up by key, and a pattern in which the key has no gap, cost the same in a large table as in a
small one; so does a step from key to key. All other patterns look at every row.

OTP: the module ``:ets``
Differs:
    Python has one kind of string: it stands for an atom and sorts as one. ``True``, ``False``
    and ``None`` sort as the atoms ``true``, ``false`` and ``nil``, a class as its full name.
    Positions count from 0. A set is traversed in the order in which its keys came.
    Objects of Python's other types are compared by their class and their own ``==``; they can be
    keys where they have a hash, but not in an ordered_set, for they have no place in the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from .copying import AS_THEY_ARE, cannot_change, copy_reason
from .errors import BadArg, Exit, safe_repr
from .matching import ANY as ANY
from .matching import Distinct, Place, check_pattern, exact, fits, fitting, has_holes, order, place_of_copy
from .matching import Var as Var
from .node import Node
from .plain_functions import check_step, plain
from .plain_functions import guard as checked_guard
from .primitives import current_process
from .process import ControlBlock
from .table_keys import NOWHERE, Arrivals, Sorted
from .terms import Pid, Ref, picture

Row = tuple[Any, ...]

TYPES: Final = ("set", "ordered_set", "bag", "duplicate_bag")
END: Final = "$end_of_table"
"""What `first`, `last`, `next` and `prev` answer where there is no more key."""


@dataclass(frozen=True, slots=True)
class EtsTransfer:
    """The receiver owns ``table`` now: its owner gave it away, or has died and named an heir.

    OTP: ``{:"ETS-TRANSFER", table, from, data}``
    """

    table: Any
    from_: Pid
    data: object


# ---- the table ---------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Table(Ref):
    """One table, and its handle: it passes between processes as it is, as a pid does.

    Its rows are reached only through the functions of this module, which check who may do what.

    OTP: a table identifier (``tid``), which is a reference too
    """

    number: int
    node: Node
    owner: Pid
    name: Any  # a string or a class; a table that is not named is called so in messages
    type: str
    protection: str
    named_table: bool  # can it be reached by its name?
    keypos: int
    read_concurrency: object
    write_concurrency: object
    heir: object = "none"  # or a pid
    heir_data: object = None
    size: int = 0
    rows: dict[Place, list[Row]] = field(default_factory=dict)  # those with one key: oldest first
    keys: Arrivals | Sorted = field(init=False)  # in the order of a walk
    distinct: dict[Place, Distinct] = field(default_factory=dict)  # in a bag: by key, to find equal rows
    place: Callable[[Any], Place] = field(init=False)  # what stands for a key: equal for keys taken for the same
    fixed: bool = field(init=False)  # nothing inside of any row can change: a row is its own copy
    single: bool = field(init=False)  # is there one row for a key at most?

    def __post_init__(self) -> None:
        self.place = order if self.type == "ordered_set" else exact
        self.single = self.type in ("set", "ordered_set")
        self.clear()

    def __repr__(self) -> str:
        told = f"ets {_shown(self.name)} #Ref<0.0.2.{self.number}>"
        if self not in _tables(self.node):
            return f"<{told}: deleted>"
        return f"<{told}: {self.type} of {self.size}, {self.protection}, owner {self.owner}>"

    def _repr_html_(self) -> Any:
        """In a notebook, a table shows its rows."""
        shown = picture(self)
        return None if shown is None else shown._repr_html_()

    def find(self, key: Any) -> list[Row]:
        """The rows with this key: the table's own, not to be handed out."""
        return self.rows.get(self.place(key), [])

    def candidates(self, pattern: object) -> list[Row]:
        """The rows that may fit: where the pattern says the key, those with that key; else all."""
        check_pattern(pattern)
        if isinstance(pattern, tuple) and len(pattern) > self.keypos and not has_holes(pattern[self.keypos]):
            return [*self.find(pattern[self.keypos])]
        return [*self.walk()]

    def walk(self) -> Iterator[Row]:
        """All rows in the table's order: its own, not to be handed out."""
        return (row for place in self.keys for row in self.rows[place])

    def copies(self, rows: Iterable[Row]) -> list[Row]:
        """Rows to hand out."""
        return [*rows] if self.fixed else [*map(self.node.copy, rows)]

    def add(self, place: Place, row: Row) -> None:
        """Put in a row that was checked and copied, where its key belongs."""
        there = self.rows.get(place)
        if there is None:
            self.rows[place] = [row]
            self.keys.add(place)
            self.size += 1
        elif self.single:
            there[0] = row
        elif self.type != "bag" or self.is_new(place, row):
            there.append(row)
            self.size += 1

    def is_new(self, place: Place, row: Row) -> bool:
        """Has a bag no row that equals this one? From here on it has."""
        if place not in self.distinct:
            self.distinct[place] = Distinct(self.rows[place])
        return self.distinct[place].add(row)

    def remove(self, key: Any, unwanted: Callable[[Row], bool] = lambda row: True) -> None:
        """Take out rows with this key: those that are not wanted."""
        self.keep(self.place(key), lambda row: not unwanted(row))

    def keep(self, place: Place, wanted: Callable[[Row], bool]) -> None:
        """Of the rows that stand at a place, keep those that are wanted."""
        there = self.rows.get(place, [])
        kept = [row for row in there if wanted(row)]
        if len(kept) < len(there):
            self.distinct.pop(place, None)  # made anew when it is asked for
        self.size -= len(there) - len(kept)
        if kept:
            self.rows[place] = kept
        elif there:
            del self.rows[place]
            self.keys.remove(place)

    def drop(self, rows: Iterable[Row]) -> int:
        """Take out these very rows, as far as they are still there; answers how many were."""
        before, doomed = self.size, [*rows]
        times = Counter(map(id, doomed))  # of a duplicate_bag's equal rows, two may be one object

        def wanted(row: Row) -> bool:
            times[id(row)] -= 1
            return times[id(row)] < 0

        for place in dict.fromkeys(self.place(row[self.keypos]) for row in doomed):
            self.keep(place, wanted)
        return before - self.size

    def step(self, key: Any, forward: bool) -> Any:
        """The key after this one, or before it; `END` if there is none."""
        place = self.place(key)
        return self.key_at(self.keys.after(place) if forward else self.keys.before(place))

    def key_at(self, place: Place) -> Any:
        """A copy of the key that stands there; `END` where there is no more."""
        return END if place is NOWHERE else self.node.copy(self.rows[place][0][self.keypos])

    def clear(self) -> None:
        """Take all rows out."""
        self.rows, self.size, self.distinct, self.fixed = {}, 0, {}, True
        self.keys = Sorted() if self.type == "ordered_set" else Arrivals()

    def belong_to(self, owner: ControlBlock) -> None:
        """Have an owner, and end with it."""
        self.owner = owner.pid
        owners = _owners(self.node)
        if owner.pid not in owners:
            owners[owner.pid] = {}
            owner.cleanups = owner.cleanups or []
            owner.cleanups.append(partial(_owner_ended, self.node))
        owners[owner.pid][self] = None

    def leave_owner(self) -> None:
        """Belong to nobody: when the owner ends, nothing happens to the table."""
        del _owners(self.node)[self.owner][self]

    def lose_owner(self) -> None:
        """The owner has died: belong to the heir, or be deleted."""
        if isinstance(self.heir, Pid) and _lives(self.heir, self.node):
            self.transfer(self.heir, self.heir_data)
        else:
            self.vanish()

    def transfer(self, to: Pid, data: object) -> None:
        """Change the owner, and tell the new one."""
        try:
            copied = self.node.copy(data)
        except (Exception, Exit):  # it was copied once, and will not be again: a death must be told all the same
            copied = copy_reason(data)
        message = EtsTransfer(self.name if self.named_table else self, self.owner, copied)
        new_owner = self.node.blocks[to]
        self.belong_to(new_owner)
        self.node.note("send", message.from_, to, message)
        self.node.deliver(new_owner, message)

    def name_heir(self, heir: tuple[Pid, object] | None) -> None:
        """Remember who inherits the table, and the data that go with it. A dead process cannot inherit."""
        match heir:
            case (Pid() as pid, data) if _lives(pid, self.node):
                self.heir, self.heir_data = pid, self.node.copy(data)
            case None | (Pid(), _):
                self.heir, self.heir_data = "none", None
            case _:
                raise BadArg(f"heir is (pid, data), the data to be sent to it, or None; got {safe_repr(heir)}")

    def vanish(self) -> None:
        """Be deleted: neither the handle nor the name finds the table any more."""
        tables = _tables(self.node)
        del tables[self]
        if self.named_table:
            del tables[self.name]
        self.clear()


def _tables(node: Node) -> dict[object, Table]:
    """The node's tables: each by its handle, and the named ones by name too."""
    tables: dict[object, Table] = node.tables.setdefault("ets", {})
    return tables


def _owners(node: Node) -> dict[Pid, dict[Table, None]]:
    """The tables of each living process that has, or had, some: oldest first."""
    owners: dict[Pid, dict[Table, None]] = node.tables.setdefault("ets owners", {})
    return owners


def _owner_ended(node: Node, pid: Pid) -> None:
    """A process that had tables has died."""
    for table in _owners(node).pop(pid):
        table.lose_owner()


def _lives(pid: Pid, node: Node) -> bool:
    """Is it a living process of this node? No other can own a table here."""
    return pid.block is not None and pid.block.node is node


def _shown(name: Any) -> str:
    """A table's name for a person."""
    return name.__qualname__ if isinstance(name, type) else safe_repr(name)


# ---- who may, and what is wrong ----------------------------------------------------------------

READ: Final = ("public", "protected")
WRITE: Final = ("public",)
OWN: Final[tuple[str, ...]] = ()
"""The kinds of access with which a process that is not the owner may read; may write; may do what only owners do."""


def _open(table: object, function: str, right: tuple[str, ...]) -> Table:
    """The table behind a handle or a name, for a process that has the right."""
    process = current_process()
    try:
        found: Table | None = process.node.tables.get("ets", {}).get(table)
    except TypeError:  # no hash: no table's name, as the next function will say
        found = None
    if found is None:
        raise BadArg(f"ets.{function}: {_missing(table)}")
    if found.owner is not process.pid and found.protection not in right:
        needs = " or ".join((*(f"a {each} table" for each in right), "the owner"))
        raise BadArg(
            f"ets.{function} needs {needs}: {_shown(found.name)} is {found.protection} and belongs to {found.owner}, "
            f"not to {process.pid}, which asked. Have the owner do it."
        )
    return found


def _missing(table: object) -> str:
    if isinstance(table, Table):
        return f"the table {_shown(table.name)} is gone: deleted, or its owner has died. Name an heir to keep a table."
    if isinstance(table, (str, type)):
        how = f"ets.new({_shown(table)}, named=True), in a process that outlives its users"
        return f"there is no table named {_shown(table)}: not yet, or its owner has died. Make it with {how}."
    return f"a table is what ets.new answered, or a name; got {safe_repr(table)}"


def _check_name(node: Node, name: Any, named: bool) -> None:
    if not isinstance(name, (str, type)):
        raise BadArg(f"a table's name is a string or a class, got {safe_repr(name)}")
    if named and name in _tables(node):
        holder = _tables(node)[name].owner
        raise BadArg(f"the name {_shown(name)} belongs to a table of {holder}. Take another, or named=False.")


def _rows(found: Table, rows: object, function: str) -> list[tuple[Place, Row]]:
    """One row or a list of them, each with its place: all checked and copied, or an error and nothing done."""
    copied, keypos = [], found.keypos
    for row in rows if isinstance(rows, list) else [rows]:
        key = _checked(found, row, function)[keypos]
        kept: Row = tuple(found.node.copy(row))
        found.fixed = found.fixed and cannot_change(kept)
        copied.append((place_of_copy(key, kept[keypos], found.place, f"ets.{function}"), kept))
    return copied


def _checked(found: Table, row: object, function: str) -> Row:
    if not isinstance(row, tuple):
        raise BadArg(f"ets.{function}: a row is a tuple, such as (key, value); got {safe_repr(row)}")
    if len(row) <= found.keypos:
        where = f"the key of {_shown(found.name)} stands at position {found.keypos}, counted from 0"
        raise BadArg(f"ets.{function}: {where}; the row {safe_repr(row)} is too short")
    return row


def _open_single(table: object, function: str) -> Table:
    """`_open` to change a row in its place, which only those tables have that hold one for a key."""
    found = _open(table, function, WRITE)
    if not found.single:
        what = f"{_shown(found.name)} is a {found.type}. Take the rows out, and insert others"
        raise BadArg(f"ets.{function} is for a set or an ordered_set, where a key has one row; {what}.")
    return found


def _at(row: Row, position: object, function: str, keypos: int | None = None) -> int:
    """The position, if the row has it and the key does not stand there."""
    if type(position) is not int or not 0 <= position < len(row):
        where = f"0 to {len(row) - 1}, counted from 0"
        raise BadArg(f"ets.{function}: {safe_repr(row)} has the positions {where}; got {safe_repr(position)}")
    if position == keypos:
        raise BadArg(
            f"ets.{function}: at {position} stands the key, which never changes. Delete the row, insert another."
        )
    return position


def _no_key(found: Table, key: object, function: str) -> BadArg:
    return BadArg(f"ets.{function}: {_shown(found.name)} has no row with the key {safe_repr(key)}. Insert one first.")


# ---- making and passing on ---------------------------------------------------------------------


def new(
    name: Any,
    *,
    type: str = "set",
    access: str = "protected",
    named: bool = False,
    keypos: int = 0,
    heir: tuple[Pid, Any] | None = None,
    read_concurrency: bool = False,
    write_concurrency: bool | str = False,
) -> Any:
    """Make a table that belongs to the caller; answers its handle, or its name if it is named.

    Args:
        name: a string or a class.
        type: ``"set"``, ``"ordered_set"``, ``"bag"`` or ``"duplicate_bag"``.
        access: ``"public"``, ``"protected"`` or ``"private"``.
        named: True: every process of the node finds the table by its name.
        keypos: the position of the key in a row, from 0.
        heir: who gets the table when its owner dies, and the data of the `EtsTransfer` that
            says so. A dead process is no heir.
        read_concurrency: kept for `info`; there are no threads to tune for.
        write_concurrency: the same.

    Raises:
        BadArg: an option is wrong, or the name is taken.

    OTP: ``:ets.new/2``

    Example:
        >>> ages = new("ages")
        >>> insert(ages, [("ann", 34), ("bob", 7)])
        True
        >>> lookup(ages, "ann"), lookup(ages, "eve")
        ([('ann', 34)], [])
    """
    for option, given, allowed in (
        ("type", type, TYPES),
        ("access", access, (*READ, "private")),
        ("named", named, (True, False)),
        ("read_concurrency", read_concurrency, (True, False)),
        ("write_concurrency", write_concurrency, (True, False, "auto")),
    ):
        if not any(fits(one, given) for one in allowed):
            choices = ", ".join(map(str, allowed))
            raise BadArg(f"ets.new: {option} must be one of {choices}; got {safe_repr(given)}")
    if isinstance(keypos, bool) or not isinstance(keypos, int) or keypos < 0:
        raise BadArg(f"ets.new: keypos is the key's position in a row, 0 or more; got {safe_repr(keypos)}")
    owner = current_process()
    node: Node = owner.node
    _check_name(node, name, named)
    hints = read_concurrency, write_concurrency
    table = Table(node.make_ref().number, node, owner.pid, name, type, access, named, keypos, *hints)
    table.name_heir(heir)
    table.belong_to(owner)
    tables = _tables(node)
    tables[table] = table
    if named:
        tables[name] = table
    return name if named else table


def whereis(name: Any) -> Table | None:
    """The handle of a named table; None if there is none.

    OTP: ``:ets.whereis/1``
    """
    return _tables(current_process().node).get(name) if isinstance(name, (str, type)) else None


def rename(table: Any, name: Any) -> Any:
    """Give a table another name; answers the new name, or the handle of an unnamed table.

    OTP: ``:ets.rename/2``
    """
    found = _open(table, "rename", WRITE)
    _check_name(found.node, name, found.named_table)
    if found.named_table:
        tables = _tables(found.node)
        tables[name] = tables.pop(found.name)
    found.name = name
    return name if found.named_table else found


def give_away(table: Any, to: Pid, data: object) -> bool:
    """Make ``to`` the owner; it gets an `EtsTransfer` with ``data``.

    Raises:
        BadArg: the caller is not the owner; ``to`` is the caller, or dead.

    OTP: ``:ets.give_away/3``
    """
    found = _open(table, "give_away", OWN)
    if not isinstance(to, Pid) or to is found.owner or not _lives(to, found.node):
        why = "the owner already" if to is found.owner else "no living process"
        raise BadArg(f"ets.give_away needs the pid of another process that lives; {safe_repr(to)} is {why}")
    copied = found.node.copy(data)
    found.leave_owner()
    found.transfer(to, copied)
    return True


def setopts(table: Any, *, heir: tuple[Pid, Any] | None) -> bool:
    """Name another heir, or none.

    OTP: ``:ets.setopts/2``
    """
    _open(table, "setopts", OWN).name_heir(heir)
    return True


ITEMS: Final = ("name", "named_table", "type", "protection", "keypos", "size", "owner", "heir")
HINTS: Final = ("read_concurrency", "write_concurrency")


def info(table: Any, item: str | None = None) -> Any:
    """What is known about a table, or one item of it. Anybody may ask.

    The items are `ITEMS` and `HINTS`; ``heir`` is ``"none"`` without one.

    Returns:
        A dict, and None where there is no such table. One item, and ``"undefined"`` there.

    OTP: ``:ets.info/1``, ``:ets.info/2``
    """
    if not isinstance(table, (str, type, Table)):
        raise BadArg(f"ets.info: {_missing(table)}")
    found = _tables(current_process().node).get(table)
    if found is None:
        return None if item is None else "undefined"
    known = {each: getattr(found, each) for each in ITEMS + HINTS}
    if item is not None and item not in known:
        raise BadArg(f"ets.info: the items are {', '.join(known)}; got {safe_repr(item)}")
    return known if item is None else known[item]


# ---- putting in --------------------------------------------------------------------------------


def insert(table: Any, rows: Row | list[Row]) -> bool:
    """Put in one row, or a list of them: all, or none if one is malformed.

    OTP: ``:ets.insert/2``
    """
    found = _open(table, "insert", WRITE)
    if type(rows) is tuple and AS_THEY_ARE.issuperset(map(type, rows)) and len(rows) > found.keypos:
        found.add(found.place(rows[found.keypos]), rows)  # a flat row, as most are, is its own copy
        return True
    for place, row in _rows(found, rows, "insert"):
        found.add(place, row)
    return True


def insert_new(table: Any, rows: Row | list[Row]) -> bool:
    """`insert`, but only if none of the keys is there; answers whether it did.

    OTP: ``:ets.insert_new/2``
    """
    found = _open(table, "insert_new", WRITE)
    copied = _rows(found, rows, "insert_new")
    if any(place in found.rows for place, _ in copied):
        return False
    for place, row in copied:
        found.add(place, row)
    return True


def update_element(table: Any, key: Any, change: tuple[int, Any] | list[tuple[int, Any]]) -> bool:
    """Change one place of a row, or several: ``(position, value)``. False if the key is missing.

    OTP: ``:ets.update_element/3``
    """
    found = _open_single(table, "update_element")
    for row in found.find(key):
        places = [*row]
        for step in change if isinstance(change, list) else [change]:
            if not isinstance(step, tuple) or len(step) != 2:
                raise BadArg(f"ets.update_element: a change is (position, value), got {safe_repr(step)}")
            value = found.node.copy(step[1])
            found.fixed = found.fixed and cannot_change(value)
            places[_at(row, step[0], "update_element", found.keypos)] = value
        found.add(found.place(key), tuple(places))
        return True
    return False


def update_counter(table: Any, key: Any, steps: Any, default: Row | None = None) -> Any:
    """Count in a row, in one go: no other process sees, or loses, a step in between.

    Args:
        table: a set or an ordered_set.
        key: whose row.
        steps: a number to add to the place after the key; or ``(position, number)``; or
            ``(position, number, threshold, reset)``: past the threshold, up or down, the
            counter becomes ``reset``; or a list of such tuples.
        default: the row to begin with if the key is missing (``key`` stands in for its key).

    Returns:
        The new value; a list of them for a list of steps.

    Raises:
        BadArg: the key is missing; a place or a step is no integer. Nothing has changed then.

    OTP: ``:ets.update_counter/3``, ``:ets.update_counter/4``

    Example:
        >>> hits = new("hits")
        >>> update_counter(hits, "/home", 1, ("/home", 0)), update_counter(hits, "/home", 5)
        (1, 6)
        >>> update_counter(hits, "/home", (1, 1, 6, 0))
        0
    """
    found = _open_single(table, "update_counter")
    places = _counters(found, key, default)
    if type(steps) is int:
        steps = found.keypos + 1, steps
    answers = []
    for step in steps if isinstance(steps, list) else [steps]:
        at, value = _counted(found, tuple(places), step)
        places[at] = value
        answers.append(value)
    found.add(found.place(places[found.keypos]), tuple(places))
    return answers if isinstance(steps, list) else answers[0]


def _counters(found: Table, key: Any, default: Row | None) -> list[Any]:
    """The row to count in: the one with this key, or the default with this key in it."""
    rows = found.find(key)
    if not rows and default is None:
        raise _no_key(found, key, "update_counter")
    if default is not None and not (rows and isinstance(default, tuple)):
        row = _checked(found, default, "update_counter")
        ((_, counted),) = _rows(found, (*row[: found.keypos], key, *row[found.keypos + 1 :]), "update_counter")
        return [*counted]
    return [*rows[0]]


def _counted(found: Table, row: Row, step: Any) -> tuple[int, int]:
    """The position that one step counts in, and its new value."""
    match step:
        case (position, *numbers) if len(numbers) in (1, 3) and all(type(each) is int for each in numbers):
            at = _at(row, position, "update_counter", found.keypos)
        case _:
            what = "an integer, (position, integer) or (position, integer, threshold, reset)"
            raise BadArg(f"ets.update_counter: a step is {what}, of integers; got {safe_repr(step)}")
    if type(row[at]) is not int:
        raise BadArg(f"ets.update_counter: a counter is an integer, and at position {at} of {safe_repr(row)} is none")
    value = row[at] + numbers[0]
    if len(numbers) == 3 and (value > numbers[1] if numbers[0] >= 0 else value < numbers[1]):
        value = numbers[2]
    return at, value


# ---- taking out --------------------------------------------------------------------------------

_WHOLE: Final = object()


def delete(table: Any, key: Any = _WHOLE) -> bool:
    """Delete the table; with a key, the rows with that key, if there are any.

    OTP: ``:ets.delete/1``, ``:ets.delete/2``
    """
    found = _open(table, "delete", WRITE)
    if key is not _WHOLE:
        found.remove(key)
    else:
        found.leave_owner()
        found.vanish()
    return True


def delete_object(table: Any, row: Row) -> bool:
    """Delete the rows that are equal to ``row``, strictly.

    OTP: ``:ets.delete_object/2``
    """
    found = _open(table, "delete_object", WRITE)
    unwanted = _checked(found, row, "delete_object")
    found.remove(unwanted[found.keypos], lambda other: fits(unwanted, other))
    return True


def delete_all_objects(table: Any) -> bool:
    """Empty the table, and keep it.

    OTP: ``:ets.delete_all_objects/1``
    """
    _open(table, "delete_all_objects", WRITE).clear()
    return True


def match_delete(table: Any, pattern: Any) -> bool:
    """Delete the rows that fit.

    OTP: ``:ets.match_delete/2``
    """
    found = _open(table, "match_delete", WRITE)
    found.drop(row for row, _ in fitting(pattern, found.candidates(pattern)))
    return True


def take(table: Any, key: Any) -> list[Row]:
    """Delete the rows with this key, and answer them.

    OTP: ``:ets.take/2``
    """
    found = _open(table, "take", WRITE)
    rows = found.copies(found.find(key))
    found.remove(key)
    return rows


# ---- looking up --------------------------------------------------------------------------------


def lookup(table: Any, key: Any) -> list[Row]:
    """Copies of the rows with this key, oldest first.

    OTP: ``:ets.lookup/2``
    """
    found = _open(table, "lookup", READ)
    return found.copies(found.find(key))


def lookup_element(table: Any, key: Any, position: int) -> Any:
    """What stands at ``position`` of the row with this key; in a bag, a list of it.

    Raises:
        BadArg: the key is missing, or a row with it has no such position.

    OTP: ``:ets.lookup_element/3``
    """
    found = _open(table, "lookup_element", READ)
    values = found.node.copy([row[_at(row, position, "lookup_element")] for row in found.find(key)])
    if not values:
        raise _no_key(found, key, "lookup_element")
    return values[0] if found.single else values


def member(table: Any, key: Any) -> bool:
    """Is there a row with this key?

    OTP: ``:ets.member/2``
    """
    return bool(_open(table, "member", READ).find(key))


def tab2list(table: Any) -> list[Row]:
    """All rows.

    OTP: ``:ets.tab2list/1``
    """
    found = _open(table, "tab2list", READ)
    return found.copies(found.candidates(ANY))


def foldl(function: Callable[[Row, Any], Any], start: Any, table: Any) -> Any:
    """``function(row, so_far)`` for each row; answers what the last one did.

    Raises:
        BadArg: the function is an ``async def``, has a ``yield`` or is a class.

    OTP: ``:ets.foldl/3``
    """
    check_step(function, "the function of ets.foldl")
    step = plain(function, "the function of ets.foldl")
    found = _open(table, "foldl", READ)
    for row in found.copies(found.walk()):
        start = step(row, start)
    return start


def match(table: Any, pattern: Any) -> list[list[Any]]:
    """For each row that fits, the values of the pattern's variables, by their numbers.

    OTP: ``:ets.match/2``

    Example:
        >>> pets = new("pets", type="ordered_set")
        >>> insert(pets, [(1, "cat", "tom"), (2, "dog", "rex"), (3, "cat", "kit")])
        True
        >>> match(pets, (Var(2), "cat", Var(1)))
        [['tom', 1], ['kit', 3]]
    """
    found = _open(table, "match", READ)
    return [[*found.node.copy(values)] for _, values in fitting(pattern, found.candidates(pattern))]


def match_object(table: Any, pattern: Any) -> list[Row]:
    """The rows that fit.

    OTP: ``:ets.match_object/2``
    """
    found = _open(table, "match_object", READ)
    return found.copies(row for row, _ in fitting(pattern, found.candidates(pattern)))


Function = Callable[..., Any] | None


def select(table: Any, head: Any, guard: Function = None, body: Function = None) -> list[Any]:
    """For each row that fits ``head`` and passes ``guard``: what ``body`` makes of it.

    Args:
        table: any table that the caller may read.
        head: a pattern.
        guard: a function of the head's variables, by their numbers. None lets all pass.
        body: a function of the same. None answers the row.

    Raises:
        BadArg: guard or body is an ``async def`` or has a ``yield``, or a guard answers None.

    OTP: ``:ets.select/2`` with a match specification of one clause
    Differs: guard and body are Python functions, which get copies, so any code may stand there.
        An exception in a guard is raised, where a guard of Erlang's would only fail.

    Example:
        >>> ages = new("ages", type="ordered_set")
        >>> insert(ages, [("ann", 34), ("bob", 7), ("eve", 51)])
        True
        >>> select(ages, (Var(1), Var(2)), lambda name, age: age >= 18, lambda name, age: name)
        ['ann', 'eve']
    """
    found = _open(table, "select", READ)
    make = None if body is None else plain(body, "the body of ets.select")
    copy = found.node.copy
    selected = _selected(found, head, guard, "select")
    return [copy(row) if make is None else make(*copy(values)) for row, values in selected]


def select_count(table: Any, head: Any, guard: Function = None) -> int:
    """How many rows `select` would answer, without copying them.

    Args:
        table: any table that the caller may read.
        head: a pattern.
        guard: a function of the head's variables, by their numbers. None lets all pass.

    Raises:
        BadArg: as `select`.

    OTP: ``:ets.select_count/2`` with a match specification of one clause whose body is ``true``
    Differs: as `select`.

    Example:
        >>> ages = new("ages")
        >>> insert(ages, [("ann", 34), ("bob", 7), ("eve", 51)])
        True
        >>> select_count(ages, (ANY, Var(1)), lambda age: age >= 18)
        2
    """
    found = _open(table, "select_count", READ)
    return sum(1 for _ in _selected(found, head, guard, "select_count"))


def select_delete(table: Any, head: Any, guard: Function = None) -> int:
    """Delete the rows that `select` would answer; answers how many.

    If a guard raises, nothing is deleted.

    Args:
        table: any table that the caller may write to.
        head: a pattern.
        guard: a function of the head's variables, by their numbers. None lets all pass.

    Raises:
        BadArg: as `select`.

    OTP: ``:ets.select_delete/2`` with a match specification of one clause whose body is ``true``
    Differs: as `select`.

    Example:
        >>> ages = new("ages")
        >>> insert(ages, [("ann", 34), ("bob", 7), ("eve", 51)])
        True
        >>> select_delete(ages, (ANY, Var(1)), lambda age: age >= 18), tab2list(ages)
        (2, [('bob', 7)])
    """
    found = _open(table, "select_delete", WRITE)
    return found.drop([row for row, _ in _selected(found, head, guard, "select_delete")])


def _selected(found: Table, head: Any, guard: Function, function: str) -> Iterator[tuple[Row, tuple[Any, ...]]]:
    """The table's own rows that fit and pass, each with the values of the variables."""
    passes = None if guard is None else checked_guard(guard, f"the guard of ets.{function}")
    for row, values in fitting(head, found.candidates(head)):
        if passes is None or passes(*found.node.copy(values)):
            yield row, values


# ---- walking -----------------------------------------------------------------------------------


def first(table: Any) -> Any:
    """The first key, or ``"$end_of_table"``.

    OTP: ``:ets.first/1``
    """
    found = _open(table, "first", READ)
    return found.key_at(found.keys.first())


def last(table: Any) -> Any:
    """The last key of an ordered_set, or ``"$end_of_table"``; in other tables the first.

    OTP: ``:ets.last/1``
    """
    found = _open(table, "last", READ)
    return found.key_at(found.keys.last())


def next(table: Any, key: Any) -> Any:
    """The key after this one, or ``"$end_of_table"``.

    Raises:
        BadArg: the key is missing. (In an ordered_set any key will do.)

    OTP: ``:ets.next/2``
    """
    return _step(table, key, "next", forward=True)


def prev(table: Any, key: Any) -> Any:
    """The key before this one in an ordered_set; in other tables the same as `next`.

    OTP: ``:ets.prev/2``
    """
    return _step(table, key, "prev", forward=False)


def _step(table: Any, key: Any, function: str, *, forward: bool) -> Any:
    found = _open(table, function, READ)
    if found.type != "ordered_set" and not found.find(key):
        raise _no_key(found, key, function)
    return found.step(key, forward)

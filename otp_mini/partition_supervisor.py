"""PartitionSupervisor: the same child several times, so that one process is not the bottleneck.

OTP: ``PartitionSupervisor``
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .child_spec import ChildLike, ChildSpec, Start, given_options, spec_error, to_spec
from .children import answer_of
from .copying import copy_term
from .errors import BadArg, StartError, safe_repr
from .matching import exact
from .names import what_was_meant
from .node import current_node
from .plain_functions import plain
from .primitives import current_process
from .supervisor import Strategy, Supervise, Supervisor
from .terms import Address, Pid
from .threads import stay

WithArguments = Callable[[list[Any], int], Iterable[Any]]


class PartitionSupervisor(Supervisor):
    """A supervisor of ``partitions`` children, all of one specification.

    OTP: ``PartitionSupervisor``
    Differs: OTP's default number of partitions is that of the machine's schedulers.

    Example:
        >>> from otp_mini import GenServer, Partition, PartitionSupervisor, run
        >>> async def main():
        ...     await PartitionSupervisor.start_link((GenServer, 0), name="counters", partitions=3)
        ...     return GenServer.whereis(Partition("counters", 4)) == GenServer.whereis(Partition("counters", 1))
        >>> run(main)
        True
    """

    @classmethod
    async def start_link(  # type: ignore[override]
        cls, child: ChildLike, *, name: Any, partitions: int = 8, strategy: Strategy = "one_for_one",
        max_restarts: int = 3, max_seconds: float = 5.0, with_arguments: WithArguments | None = None,
    ) -> Pid | None:  # fmt: skip
        """Start one, linked to the caller.

        Args:
            child: started once for each partition, which is its id: 0, 1, 2 …
            name: what `Partition` finds it by.
            with_arguments: a function of the child's arguments, as a list, and of a partition. It answers the
                arguments with which that one is started: ``lambda args, number: [(number, *args)]``.

        Raises:
            AlreadyStarted: the name is taken; who has it keeps its partitions.
            BadArg: there is no name, no number of partitions, or no list of arguments.

        OTP: ``PartitionSupervisor.start_link/1``
        """
        if isinstance(partitions, bool) or not isinstance(partitions, int) or partitions < 1:
            raise BadArg(f"partitions is a whole number from 1 up, got {safe_repr(partitions)}")
        if name is None:
            raise BadArg('a PartitionSupervisor needs a name, for Partition(name, key) to find it: name="counters"')
        spec = to_spec(child)
        if (error := spec_error(spec)) is not None:
            raise StartError(("start_spec", error))
        starts = [(spec.start[0], _arguments(spec.start, number, with_arguments)) for number in range(partitions)]
        specs = [
            spec.override(id=number, start=(_start_one, (name, number, start)), modules=spec.classes())
            for number, start in enumerate(starts)
        ]
        plan = Supervise(specs, strategy, max_restarts, max_seconds)
        return await super().start_link((name, plan), name=name)

    def init(self, argument: Any) -> Supervise:
        """The plan that `start_link` made. Runs when the name is taken: from now on `Partition` finds it."""
        name, plan = argument
        process = current_process()
        tables = _tables()
        pids: list[Pid | None] = [None for _ in plan.children]
        tables[name] = pids

        def close(pid: Pid) -> None:
            if tables.get(name) is pids:
                del tables[name]

        process.cleanups = [*(process.cleanups or ()), close]
        return plan  # type: ignore[no-any-return]

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How another supervisor starts this one: a dict of the options of `start_link`, with ``child``.

        Raises:
            BadArg: it is no such dict.
        """
        example = '(PartitionSupervisor, {"child": (Counter, 0), "name": "counters", "partitions": 4})'
        known = "child", "name", "partitions", "strategy", "max_restarts", "max_seconds", "with_arguments"
        options = given_options(cls, argument, known, example)
        if "child" not in options or "name" not in options:
            raise BadArg(f"{cls.__name__} needs a child and a name: {example}; got {safe_repr(argument)}")
        return cls._spec(argument, id=options["name"], start=(_start, (cls, argument)), type="supervisor")

    @staticmethod
    def partitions(supervisor: Any) -> int:
        """How many partitions there are.

        OTP: ``PartitionSupervisor.partitions/1``
        """
        stay()
        return len(_pids(supervisor))


def _arguments(start: Start, number: int, with_arguments: WithArguments | None) -> tuple[Any, ...]:
    """The arguments that one partition is started with."""
    given = start[1]
    if with_arguments is None:
        return tuple(given)
    changed = plain(with_arguments, "with_arguments")(list(given), number)
    if not isinstance(changed, (list, tuple)):
        missing = ": is a `return` missing?" if changed is None else ""
        raise BadArg(f"with_arguments must answer a list of arguments, got {safe_repr(changed)}{missing}")
    return tuple(changed)


async def _start_one(name: Any, number: int, start: Start) -> Pid | None:
    """Runs in the supervisor: starts one partition, and enters it."""
    function, args = start
    pid: Pid | None = await answer_of(function(*args))
    _pids(name)[number] = pid if isinstance(pid, Pid) else None
    return pid


async def _start(cls: type[PartitionSupervisor], options: dict[str, Any]) -> Pid | None:
    return await cls.start_link(**options)


class Partition(Address):
    """The address of the partition that a key belongs to: whole numbers in turn, others by hash.

    OTP: ``{:via, PartitionSupervisor, {name, key}}``
    """

    __slots__ = ("supervisor", "key")

    def __init__(self, supervisor: Any, key: Any) -> None:
        if meant := what_was_meant(supervisor):
            raise BadArg(f"Partition needs the name of a PartitionSupervisor, got {safe_repr(supervisor)}.{meant}")
        self.supervisor, self.key = supervisor, copy_term(key)

    def __repr__(self) -> str:
        return f"Partition({safe_repr(self.supervisor)}, {safe_repr(self.key)})"

    def __deepcopy__(self, memo: object) -> Partition:
        return Partition(self.supervisor, self.key)

    def whereis(self) -> Pid | None:
        """The process of the partition."""
        pids = _pids(self.supervisor)
        number = abs(self.key) if type(self.key) is int else _stable_hash(self.key)
        return pids[number % len(pids)]

    def register(self, pid: Pid) -> Pid | None:
        """Not possible: raises `BadArg`."""
        raise BadArg(
            f"{self!r} cannot be given to {pid}: which process a partition is, its supervisor says. "
            "Start the child without a name."
        )

    def unregister(self) -> None:
        """Not possible: raises `BadArg`."""
        raise BadArg(f"{self!r} cannot be given up: it goes with its supervisor. Stop that one.")


def _tables() -> dict[Any, list[Pid | None]]:
    """The pids of the partitions of each supervisor, by its name."""
    tables: dict[Any, list[Pid | None]] = current_node().tables.setdefault("partitions", {})
    return tables


def _pids(supervisor: Any) -> list[Pid | None]:
    pids = _tables().get(supervisor)
    if pids is None:
        if meant := what_was_meant(supervisor):
            raise BadArg(f"no PartitionSupervisor runs as {safe_repr(supervisor)}.{meant}")
        raise BadArg(
            f"no PartitionSupervisor runs as {safe_repr(supervisor)}. Start it first, above those who use it: "
            f"PartitionSupervisor.start_link(child, name={safe_repr(supervisor)})."
        )
    return pids


def _stable_hash(key: Any) -> int:
    """The same in every run, whatever PYTHONHASHSEED is."""
    number = 0
    for letter in safe_repr(exact(key)):
        number = (number * 31 + ord(letter)) % 4_294_967_291
    return number

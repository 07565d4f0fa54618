"""PartitionSupervisor: the same child several times, so that one process is not the bottleneck.

OTP: ``PartitionSupervisor``
"""

from __future__ import annotations

from typing import Any

from .child_spec import ChildLike, ChildSpec, Start, to_spec
from .copying import copy_term
from .errors import BadArg, safe_repr
from .matching import exact
from .node import current_node
from .supervisor import Strategy, Supervise, Supervisor
from .terms import Address, Pid


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
        max_restarts: int = 3, max_seconds: float = 5.0,
    ) -> Pid | None:  # fmt: skip
        """Start one, linked to the caller.

        Args:
            child: started once for each partition, which is its id: 0, 1, 2 …
            name: what `Partition` finds it by.

        OTP: ``PartitionSupervisor.start_link/1``
        """
        if not isinstance(partitions, int) or partitions < 1:
            raise BadArg(f"partitions is a whole number from 1 up, got {safe_repr(partitions)}")
        spec = to_spec(child)
        current_node().tables[("partitions", name)] = [None] * partitions
        specs = [spec.override(id=n, start=(_start_one, (name, n, spec.start))) for n in range(partitions)]
        plan = Supervise(specs, strategy, max_restarts, max_seconds)
        return await super().start_link(plan, name=name)

    def init(self, argument: Any) -> Supervise:
        """The plan that `start_link` made."""
        plan: Supervise = argument
        return plan

    @classmethod
    def child_spec(cls, argument: Any = None) -> ChildSpec:
        """How another supervisor starts this one: a dict with ``child``, ``name``, ``partitions``."""
        return ChildSpec(id=argument["name"], start=(_start, (argument,)), type="supervisor", modules=(cls,))

    @staticmethod
    def partitions(supervisor: Any) -> int:
        """How many partitions there are.

        OTP: ``PartitionSupervisor.partitions/1``
        """
        return len(_pids(supervisor))


async def _start_one(name: Any, number: int, start: Start) -> Pid | None:
    function, args = start
    pid: Pid | None = await function(*args)
    _pids(name)[number] = pid
    return pid


async def _start(options: dict[str, Any]) -> Pid | None:
    return await PartitionSupervisor.start_link(**options)


class Partition(Address):
    """The address of the partition that a key belongs to: whole numbers in turn, others by hash.

    OTP: ``{:via, PartitionSupervisor, {name, key}}``
    """

    __slots__ = ("supervisor", "key")

    def __init__(self, supervisor: Any, key: Any) -> None:
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


def _pids(supervisor: Any) -> list[Pid | None]:
    pids: list[Pid | None] | None = current_node().tables.get(("partitions", supervisor))
    if pids is None:
        raise BadArg(
            f"no PartitionSupervisor was started as {safe_repr(supervisor)}. Start it first, above those who use it: "
            f"PartitionSupervisor.start_link(child, name={safe_repr(supervisor)})."
        )
    return pids


def _stable_hash(key: Any) -> int:
    """The same in every run, whatever PYTHONHASHSEED is."""
    number = 0
    for letter in safe_repr(exact(key)):
        number = (number * 31 + ord(letter)) % 4_294_967_291
    return number

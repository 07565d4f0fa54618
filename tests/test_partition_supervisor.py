"""PartitionSupervisor: one child several times, found by a key."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import (
    BadArg,
    ChildSpec,
    GenServer,
    Node,
    Partition,
    PartitionSupervisor,
    Pid,
    Process,
    Supervisor,
    child_spec,
    self_,
)


def play(main: Any) -> Any:
    with Node(clock="virtual") as node:
        return node.run(main)


async def start(partitions: int = 3) -> Pid:
    sup = await PartitionSupervisor.start_link((GenServer, 0), name="counters", partitions=partitions)
    assert sup is not None
    return sup


def test_it_starts_the_child_once_for_each_partition() -> None:
    async def main() -> Any:
        sup = await start()
        rows = await Supervisor.which_children(sup)
        return [row.id for row in rows], PartitionSupervisor.partitions("counters")

    assert play(main) == ([2, 1, 0], 3)


def test_whole_numbers_take_turns_and_other_keys_stay_where_they_are() -> None:
    async def main() -> Any:
        await start()
        numbers = [GenServer.whereis(Partition("counters", key)) for key in range(6)]
        names = {GenServer.whereis(Partition("counters", f"user-{key}")) for key in range(50)}
        again = GenServer.whereis(Partition("counters", "ann")) is GenServer.whereis(Partition("counters", "ann"))
        return numbers[:3] == numbers[3:], len(set(numbers)), len(names), again

    assert play(main) == (True, 3, 3, True)


def test_a_key_of_text_finds_the_same_partition_in_every_run() -> None:
    async def main() -> Any:
        await start(16)
        return [GenServer.whereis(Partition("counters", key)).number for key in ("ann", "ben", ("room", 7))]  # type: ignore[union-attr]

    assert play(main) == play(main)


def test_a_partition_that_died_is_found_again_after_its_restart() -> None:
    async def main() -> Any:
        await start()
        before = GenServer.whereis(Partition("counters", 1))
        assert before is not None
        Process.exit(before, "kill")
        await Process.sleep(1)
        after = GenServer.whereis(Partition("counters", 1))
        return isinstance(after, Pid) and after is not before and Process.alive(after)

    assert play(main) is True


def test_it_can_be_a_child_itself() -> None:
    async def main() -> Any:
        options = {"child": (GenServer, 0), "name": "counters", "partitions": 2}
        await Supervisor.start_link([(PartitionSupervisor, options)], strategy="one_for_one")
        return PartitionSupervisor.partitions("counters")

    assert play(main) == 2


@pytest.mark.parametrize("partitions", [0, -1, 1.5])
def test_the_number_of_partitions_is_checked(partitions: Any) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="partitions is a whole number from 1 up, got"):
            await start(partitions)

    play(main)


def test_an_unknown_supervisor_and_a_name_for_a_partition_are_mistakes() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="no PartitionSupervisor was started as 'nobody'"):
            GenServer.whereis(Partition("nobody", 1))
        await start()
        with pytest.raises(BadArg, match=r"Partition\('counters', 1\) cannot be given to #PID<0\.1\.0>"):
            Partition("counters", 1).register(self_())
        with pytest.raises(BadArg, match=r"Partition\('counters', 1\) cannot be given up"):
            Partition("counters", 1).unregister()

    play(main)


def test_the_children_keep_their_own_restart_and_shutdown() -> None:
    async def main() -> Any:
        spec: ChildSpec = child_spec(GenServer, restart="temporary")
        sup = await PartitionSupervisor.start_link(spec, name="once", partitions=1)
        pid = GenServer.whereis(Partition("once", 0))
        assert sup is not None
        assert pid is not None
        Process.exit(pid, "kill")
        await Process.sleep(1)
        return await Supervisor.count_children(sup)

    assert play(main) == (0, 0, 0, 0)

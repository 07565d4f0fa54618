"""PartitionSupervisor: one child several times, found by a key."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play

from otp_mini import (
    AlreadyStarted,
    BadArg,
    ChildSpec,
    GenServer,
    Partition,
    PartitionSupervisor,
    Pid,
    Process,
    Reply,
    StartError,
    Supervisor,
    child_spec,
    self_,
)


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
        with pytest.raises(BadArg, match="no PartitionSupervisor runs as 'nobody'"):
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


class Echo(GenServer):
    @classmethod
    async def start_link(cls, *arguments: Any) -> Any:  # type: ignore[override]
        return await super().start_link(arguments)

    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)


def fails(*_: Any) -> Any:
    raise RuntimeError("no luck")


def test_a_second_one_under_a_taken_name_changes_nothing() -> None:
    async def main() -> Any:
        first = await start(3)
        with pytest.raises(AlreadyStarted) as caught:
            await start(2)
        assert caught.value.pid is first
        pid = GenServer.whereis(Partition("counters", 5))
        return PartitionSupervisor.partitions("counters"), Process.alive(pid)  # type: ignore[arg-type]

    assert play(main) == (3, True)


@pytest.mark.parametrize("how", ["stopped", "killed", "never started"])
def test_one_that_has_ended_leaves_no_partitions_behind_and_its_name_is_free(how: str) -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        if how == "never started":
            with pytest.raises(StartError):
                await PartitionSupervisor.start_link(ChildSpec("a", (fails, [])), name="counters")
        else:
            sup = await start(3)
            await Supervisor.stop(sup) if how == "stopped" else Process.exit(sup, "kill")
            await Process.sleep(1)
        with pytest.raises(BadArg, match="no PartitionSupervisor runs as 'counters'"):
            PartitionSupervisor.partitions("counters")
        with pytest.raises(BadArg, match="no PartitionSupervisor runs as 'counters'"):
            GenServer.whereis(Partition("counters", 1))
        await start(2)
        return PartitionSupervisor.partitions("counters")

    assert play(main) == 2


def test_with_arguments_says_what_each_partition_is_started_with() -> None:
    async def main() -> Any:
        await PartitionSupervisor.start_link(
            (Echo, "shared"), name="echo", partitions=2, with_arguments=lambda args, number: [number, *args]
        )
        return [await GenServer.call(Partition("echo", number), "who?") for number in (0, 1)]

    assert play(main) == [(0, "shared"), (1, "shared")]


async def waits(args: Any, number: int) -> Any:
    return args


@pytest.mark.parametrize(
    ("with_arguments", "said"),
    [
        (lambda args, number: None, "with_arguments must answer a list of arguments, got None: is a `return` missing?"),
        (lambda args, number: "ab", "with_arguments must answer a list of arguments, got 'ab'"),
        (waits, "with_arguments .* async def"),
        (5, "with_arguments"),
    ],
)
def test_with_arguments_is_a_plain_function_that_answers_a_list(with_arguments: Any, said: str) -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match=said):
            await PartitionSupervisor.start_link(Echo, name="echo", with_arguments=with_arguments)

    play(main)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        (None, "needs a child and a name"),
        ("counters", "takes its options as a dict"),
        ({"child": GenServer}, "needs a child and a name"),
        ({"child": GenServer, "name": "a", "partition": 3}, "has the options child, name, .*; got 'partition'"),
    ],
)
def test_as_a_child_it_says_what_it_needs(argument: Any, said: str) -> None:
    with pytest.raises(BadArg, match=said):
        PartitionSupervisor.child_spec(argument)


def test_without_a_name_or_with_an_impossible_child_it_is_not_started() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        with pytest.raises(BadArg, match="needs a name"):
            await PartitionSupervisor.start_link(GenServer, name=None)
        with pytest.raises(StartError) as caught:
            await PartitionSupervisor.start_link(ChildSpec("a", 5), name="a")  # type: ignore[arg-type]
        return caught.value.reason

    assert play(main) == ("start_spec", ("invalid_mfa", 5))


def test_the_modules_of_a_partition_are_those_of_the_child() -> None:
    async def main() -> Any:
        sup = await PartitionSupervisor.start_link(ChildSpec("e", (Echo.start_link, [])), name="echo", partitions=1)
        return (await Supervisor.which_children(sup))[0].modules  # type: ignore[arg-type]

    assert play(main) == (Echo,)

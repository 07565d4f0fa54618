"""Registry: the R lines of OTP's checklist, one test a line."""

from __future__ import annotations

from typing import Any

import pytest
from playing import play

from otp_mini import (
    AlreadyRegistered,
    AlreadyStarted,
    BadArg,
    Exit,
    GenServer,
    NoReply,
    Pid,
    Process,
    Registry,
    Reply,
    Supervisor,
    Via,
    ets,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.ets import ANY, Var


async def registry(keys: Any = "unique") -> str:
    await Registry.start_link(keys=keys, name="reg")
    return "reg"


async def do(pid: Pid, what: Any) -> Any:
    """Have another process do something, and answer what came of it."""
    send(pid, (self_(), what))
    return await receive()


def about(name: str) -> dict[str, Any]:
    """What is known about a living process."""
    pid = Process.whereis(name)
    assert pid is not None
    info = Process.info(pid)
    assert info is not None
    return info


def helper() -> Pid:
    async def obey() -> None:
        while True:
            boss, what = await receive()
            try:
                answer = what()
            except Exception as error:
                answer = error
            send(boss, answer)

    return spawn(obey)


class Room(GenServer):
    def handle_call(self, request: Any, from_: Any, state: Any) -> Any:
        return Reply(state, state)

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(message)


def test_r1_a_unique_key_is_taken_also_for_its_own_holder() -> None:
    async def main() -> Any:
        reg, other = await registry(), helper()
        Registry.register(reg, "k", 1)
        with pytest.raises(AlreadyRegistered) as own:
            Registry.register(reg, "k", 2)
        theirs = await do(other, lambda: Registry.register(reg, "k"))
        return own.value.pid is self_(), theirs.pid is self_(), Registry.lookup(reg, "k")

    own, theirs, found = play(main)
    assert own
    assert theirs
    assert [value for _, value in found] == [1]


def test_r2_duplicate_keys_take_any_number_also_from_one_process() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        Registry.register(reg, "k", 1)
        Registry.register(reg, "k", 2)
        await do(helper(), lambda: Registry.register(reg, "k", 3))
        return [value for _, value in Registry.lookup(reg, "k")]

    assert play(main) == [1, 2, 3]


def test_r3_keys_are_compared_strictly() -> None:
    async def main() -> Any:
        reg = await registry()
        for key in (1, 1.0, True, (1,), (1.0,)):
            Registry.register(reg, key, repr(key))
        return [Registry.lookup(reg, key)[0][1] for key in (1, 1.0, True, (1,), (1.0,))]

    assert play(main) == ["1", "1.0", "True", "(1,)", "(1.0,)"]


def test_r4_lookup_gives_pid_and_value_or_nothing() -> None:
    async def main() -> Any:
        reg = await registry()
        Registry.register(reg, "k", "v")
        return Registry.lookup(reg, "k") == [(self_(), "v")], Registry.lookup(reg, "x")

    assert play(main) == (True, [])


def test_r5_the_entries_of_a_dead_process_are_gone() -> None:
    async def main() -> Any:
        reg, other = await registry(), helper()
        await do(other, lambda: Registry.register(reg, "k"))
        before = Registry.count(reg)
        Process.exit(other, "kill")
        return before, Registry.lookup(reg, "k"), Registry.count(reg)

    assert play(main) == (1, [], 0)


def test_r6_unregister_takes_only_the_callers_entries() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        Registry.register(reg, "k", "mine")
        await do(helper(), lambda: Registry.register(reg, "k", "theirs"))
        answers = Registry.unregister(reg, "k"), Registry.unregister(reg, "k")
        return answers, [value for _, value in Registry.lookup(reg, "k")]

    assert play(main) == (("ok", "ok"), ["theirs"])


def test_r7_unregister_match_takes_those_whose_value_fits() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for value in ((1, "a"), (2, "a"), (1.0, "a")):
            Registry.register(reg, "k", value)
        Registry.unregister_match(reg, "k", (1, ets.ANY))
        return [value for _, value in Registry.lookup(reg, "k")]

    assert play(main) == [(2, "a"), (1.0, "a")]


def test_r8_keys_and_values_are_those_of_a_process_and_repeat() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for key, value in (("a", 1), ("a", 2), ("b", 3)):
            Registry.register(reg, key, value)
        return Registry.keys(reg, self_()), Registry.values(reg, "a", self_())

    assert play(main) == (["a", "a", "b"], [1, 2])


def test_r9_update_value_is_the_holders_and_needs_unique_keys() -> None:
    async def main() -> Any:
        reg = await registry()
        Registry.register(reg, "k", 1)
        mine = Registry.update_value(reg, "k", lambda value: value + 1)
        theirs = await do(helper(), lambda: Registry.update_value(reg, "k", lambda value: 0))
        await Registry.start_link(keys="duplicate", name="dup")
        with pytest.raises(BadArg, match="needs unique keys"):
            Registry.update_value("dup", "k", lambda value: value)
        return mine, theirs, Registry.lookup(reg, "k")[0][1], Registry.values(reg, "k", self_())

    assert play(main) == ((2, 1), None, 2, [2])


def test_r10_dispatch_calls_with_all_entries_in_the_caller_and_not_for_none() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        Registry.register(reg, "k", 1)
        Registry.register(reg, "k", 2)
        calls: list[Any] = []
        Registry.dispatch(reg, "k", lambda entries: calls.append(([value for _, value in entries], self_())))
        Registry.dispatch(reg, "unknown", calls.append)
        return [values for values, _ in calls], calls[0][1] is self_()

    assert play(main) == ([[1, 2]], True)


def test_r11_count_counts_entries() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for key in "aab":
            Registry.register(reg, key)
        return Registry.count(reg), Registry.count_match(reg, "a", ets.ANY)

    assert play(main) == (3, 2)


def test_r12_match_filters_by_a_pattern_on_the_value() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for value in ((1, 1), (1, 2)):
            Registry.register(reg, "k", value)
        same = Registry.match(reg, "k", (ets.Var(1), ets.Var(1)))
        return [value for _, value in same], [row[2] for row in Registry.select(reg, ("k", ets.ANY, (1, 2)))]

    assert play(main) == ([(1, 1)], [(1, 2)])


def test_r13_meta_keeps_something_with_the_registry() -> None:
    async def main() -> Any:
        reg = await registry()
        return Registry.put_meta(reg, "k", [1]), Registry.meta(reg, "k"), Registry.meta(reg, "x", "error")

    assert play(main) == ("ok", [1], "error")


def test_r14_a_via_names_calls_casts_and_stops() -> None:
    async def main() -> Any:
        reg = await registry()
        lobby = Via(reg, "lobby")
        pid = await Room.start(7, name=lobby)
        answers = await GenServer.call(lobby, "x"), GenServer.whereis(lobby) is pid, GenServer.cast(Via(reg, "?"), 1)
        with pytest.raises(AlreadyStarted) as taken:
            await Room.start(8, name=lobby)
        stopped = await GenServer.stop(lobby)
        with pytest.raises(Exit) as gone:
            await GenServer.call(lobby, "x")
        return answers, taken.value.pid is pid, stopped, gone.value.reason[0]

    assert play(main) == ((7, True, "ok"), True, "ok", "noproc")


def test_r15_a_via_with_a_third_part_registers_with_that_value() -> None:
    async def main() -> Any:
        reg = await registry()
        await Room.start(0, name=Via(reg, "k", {"floor": 2}))
        return Registry.lookup(reg, "k")[0][1]

    assert play(main) == {"floor": 2}


def test_r16_a_via_needs_unique_keys() -> None:
    async def main() -> None:
        reg = await registry("duplicate")
        with pytest.raises(BadArg, match="unique keys"):
            await Room.start(0, name=Via(reg, "k"))

    play(main)


def test_r17_a_message_to_an_unknown_via_is_a_mistake() -> None:
    async def main() -> None:
        reg = await registry()
        with pytest.raises(BadArg, match="no process is registered as Via"):
            send(Via(reg, "nobody"), "hello")

    play(main)


def test_r18_a_restarted_server_registers_again_under_its_via() -> None:
    class Lobby(Room):
        @classmethod
        async def start_link(cls, argument: Any) -> Any:  # type: ignore[override]
            return await super().start_link(argument, name=Via("reg", "lobby"))

    async def main() -> Any:
        children = [(Registry, {"keys": "unique", "name": "reg"}), (Lobby, "empty")]
        await Supervisor.start_link(children, strategy="one_for_one")
        before = GenServer.whereis(Via("reg", "lobby"))
        assert before is not None
        Process.exit(before, "kill")
        await Process.sleep(1)
        after = GenServer.whereis(Via("reg", "lobby"))
        return isinstance(after, Pid) and after is not before

    assert play(main) is True


def test_r19_register_enters_the_caller() -> None:
    async def main() -> Any:
        reg, other = await registry(), helper()
        await do(other, lambda: Registry.register(reg, "k"))
        return Registry.lookup(reg, "k")[0][0] is other

    assert play(main) is True


def test_an_unknown_registry_is_a_mistake_that_says_what_to_do() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="there is no registry 'rooms'"):
            Registry.lookup("rooms", "k")

    play(main)


def test_values_are_copied_in_and_out() -> None:
    async def main() -> Any:
        reg = await registry()
        value = [1]
        Registry.register(reg, "k", value)
        value.append(2)
        Registry.lookup(reg, "k")[0][1].append(3)
        Registry.dispatch(reg, "k", lambda entries: entries[0][1].append(4))
        return Registry.lookup(reg, "k")[0][1]

    assert play(main) == [1]


def test_the_end_of_a_registry_takes_its_members_along() -> None:
    async def main() -> Any:
        Process.flag(trap_exit=True)
        reg, other = await registry(), helper()
        await do(other, lambda: Registry.register(reg, "k"))
        pid = Process.whereis(reg)
        assert pid is not None
        Process.exit(pid, "kill")
        return Process.alive(other)

    assert play(main) is False


def test_the_end_of_a_member_is_no_message_that_stays_with_the_registry() -> None:
    async def main() -> Any:
        reg, other = await registry(), helper()
        await do(other, lambda: Registry.register(reg, "k"))
        Process.exit(other, "kill")
        await Process.sleep(1)
        info = about(reg)
        return info["message_queue_len"], info["links"] == [self_()]

    assert play(main) == (0, True)


@pytest.mark.parametrize("reason", ["kill", "boom"])
def test_what_a_killed_process_registers_in_its_finally_leaves_nothing_behind(reason: str) -> None:
    async def dies(key: Any) -> None:
        try:
            Registry.register("reg", "before")
            await receive()
        finally:
            Registry.register("reg", key)
            Registry.register("dup", key)

    async def main() -> Any:
        await registry()
        await Registry.start_link(keys="duplicate", name="dup")
        victim = spawn(dies, "late")
        await Process.sleep(0)
        assert Registry.keys("reg", victim) == ["before"]
        Process.exit(victim, reason)
        await Process.sleep(1)
        left = Registry.count("reg"), Registry.count("dup"), Registry.keys("reg", victim)
        Registry.register("reg", "late")
        Registry.register("reg", "before")
        return left, Registry.lookup("reg", "late") == [(self_(), None)], about("reg")["links"]

    left, taken_again, links = play(main)
    assert left == (0, 0, [])
    assert taken_again
    assert len(links) == 1


def test_keys_come_in_the_order_of_registration() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for key in "bab":
            Registry.register(reg, key)
        Registry.unregister(reg, "a")
        Registry.register(reg, "a")
        return Registry.keys(reg, self_()), [key for key, _, _ in Registry.select(reg)]

    assert play(main) == (["b", "b", "a"], ["b", "b", "a"])


def test_select_takes_a_pattern_of_three_a_guard_and_a_body() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for key, value in (("k", 1), ("k", 2), ("l", 2), (1, [3]), (1.0, [4])):
            Registry.register(reg, key, value)
        me, head = self_(), (Var(1), ANY, Var(2))
        assert Registry.select(reg) == [(k, me, v) for k, v in (("k", 1), ("k", 2), ("l", 2), (1, [3]), (1.0, [4]))]
        assert Registry.select(reg, (1, ANY, Var(1)), body=lambda value: value) == [[3]]
        assert Registry.select(reg, (Var(1), me, 2), body=lambda key: key) == ["k", "l"]
        assert Registry.select(reg, head, lambda key, _: key == "k", lambda *each: each) == [("k", 1), ("k", 2)]
        assert Registry.select(reg, (ANY, helper(), ANY)) == []
        counts = Registry.count_select(reg), Registry.count_select(reg, head, lambda _, value: value == 2)
        for wrong in (ANY, Var(1), ("k", ANY), "k", (1, 2, 3, 4), lambda *each: True):
            for function in (Registry.select, Registry.count_select):
                with pytest.raises(BadArg, match=r"takes a pattern of \(key, pid, value\), got"):
                    function(reg, wrong)
        return counts

    assert play(main) == (5, 2)


def test_guards_get_copies_and_see_the_variables_in_the_order_of_their_numbers() -> None:
    async def main() -> Any:
        reg = await registry("duplicate")
        for value in ((1, [10]), (2, [20]), ("x", [30])):
            Registry.register(reg, "k", value)
        pair = Var(2), Var(1)
        seen: list[Any] = []

        def spoil(items: list[int], number: Any) -> bool:
            seen.append((number, items[0]))
            items.append(0)
            return number != 2

        found = [value for _, value in Registry.match(reg, "k", pair, spoil)]
        assert seen == [(1, 10), (2, 20), ("x", 30)]
        assert found == [(1, [10]), ("x", [30])]
        assert Registry.count_match(reg, "k", pair, lambda items, _: items[0] > 10) == 2
        assert Registry.unregister_match(reg, "k", pair, lambda items, _: items[0] > 10) == "ok"
        return [value for _, value in Registry.lookup(reg, "k")]

    assert play(main) == [(1, [10])]


def test_a_function_that_takes_the_entry_out_has_nothing_to_update() -> None:
    async def main() -> Any:
        reg = await registry()
        Registry.register(reg, "k", 1)

        def leave(value: int) -> int:
            Registry.unregister(reg, "k")
            return value + 1

        def fail(value: int) -> int:
            raise ValueError(value)

        gone = Registry.update_value(reg, "k", leave), Registry.lookup(reg, "k")
        Registry.register(reg, "k", 5)
        with pytest.raises(ValueError, match="5"):
            Registry.update_value(reg, "k", fail)
        return gone, Registry.count(reg), Registry.values(reg, "k", self_())

    assert play(main) == ((None, []), 1, [5])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("names", "a registry's options are a dict"),
        (["keys"], "a registry's options are a dict"),
        ("", "a registry's options are a dict"),
        (0, "a registry's options are a dict"),
        ({"keys": "unique", "partitions": 2}, "a registry has the options keys and name, got 'partitions'"),
        ({"keys": "bag", "name": "reg"}, 'keys must be "unique" or "duplicate", got'),
        ({"keys": "unique"}, "a registry needs a name"),
        ({1: 2, "a": 3}, "options keys and name, got 1, 'a'"),
    ],
)
def test_options_are_refused_and_not_ignored(options: Any, said: str) -> None:
    async def main() -> None:
        with pytest.raises(BadArg) as refused:
            await Registry.start_link(options)
        assert said in str(refused.value)
        if "options" in said:  # what is seen before the start is seen in a list of children
            with pytest.raises(BadArg) as refused:
                await Supervisor.start_link([(Registry, options)], strategy="one_for_one")
            assert said in str(refused.value)
        with pytest.raises(BadArg, match="options are given once"):
            await Registry.start_link({"keys": "unique", "name": "reg"}, name="other")
        assert Process.whereis("reg") is None

    play(main)


def test_a_falsy_name_is_a_name() -> None:
    async def main() -> Any:
        answers = []
        for name in ("", 0, ()):
            await Registry.start_link(keys="unique", name=name)
            room = await Room.start(7, name=Via(name, "", 0))
            answers.append(
                (Registry.lookup(name, ""), Registry.keys(name, room), await GenServer.call(Via(name, ""), 1))
                == ([(room, 0)], [""], 7)
            )
            assert Registry.child_spec({"keys": "unique", "name": name}).id == name
        return answers

    assert play(main) == [True, True, True]


@pytest.mark.parametrize("what", ["me", None, 5, Via("reg", "k")])
def test_whose_keys_and_values_is_said_by_a_pid(what: Any) -> None:
    async def main() -> None:
        reg = await registry()
        with pytest.raises(BadArg, match=r"Registry\.keys asks about a process by its pid, got"):
            Registry.keys(reg, what)
        with pytest.raises(BadArg, match=r"Registry\.values asks about a process by its pid, got"):
            Registry.values(reg, "k", what)
        with pytest.raises(BadArg, match="there is no registry"):
            Registry.count(["a list"])

    play(main)


def test_a_nan_is_a_key_like_others() -> None:
    async def main() -> Any:
        reg = await registry()
        Registry.register(reg, float("nan"), 1)
        with pytest.raises(AlreadyRegistered):
            Registry.register(reg, float("nan"), 2)
        return Registry.lookup(reg, float("nan"))[0][1], Registry.unregister(reg, float("nan")), Registry.count(reg)

    assert play(main) == (1, "ok", 0)


def test_many_registrations_leave_nothing_behind() -> None:
    async def main() -> Any:
        reg = await registry()
        for _ in range(1000):
            Registry.register(reg, "k")
            Registry.unregister(reg, "k")
        info = Process.info(self_())
        assert info is not None
        return Registry.count(reg), len(self_().block.cleanups)

    assert play(main) == (0, 1)


def test_a_key_that_equals_no_copy_of_itself_is_refused_as_in_a_table() -> None:
    class Plain:
        pass

    async def main() -> None:
        reg = await registry()
        for key in (Plain(), (1, [Plain()])):
            for use in (Registry.register, Registry.put_meta):
                with pytest.raises(BadArg, match="would never be found again"):
                    use(reg, key, 1)
        assert Registry.count(reg) == 0
        assert Registry.keys(reg, self_()) == []
        key = object()  # has no attributes: it is its own copy
        Registry.register(reg, key)
        assert Registry.lookup(reg, key) == [(self_(), None)]

    play(main)

"""What a program does not pay for: what it does not use is not loaded, and who is idle keeps nothing."""

from __future__ import annotations

import asyncio  # with it, a process's context knows the process
import contextvars
import copy
import dataclasses
import gc
import pickle
import subprocess
import sys
from typing import Any

import pytest

import otp_mini
from otp_mini import (
    Down,
    Exit,
    ExitSignal,
    GenServer,
    Node,
    NoReply,
    Ok,
    Pid,
    Process,
    Ref,
    Reply,
    Stop,
    receive,
    send,
    spawn,
)
from otp_mini.copying import copy_term


def of_python(code: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


# ---- loading -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "module",
    ["campaign", "explore", "faults", "lab", "points", "score", "stage", "viz", "watched", "widgets"],
)
def test_what_tries_and_what_draws_is_loaded_when_it_is_asked_for(module: str) -> None:
    assert of_python(f"import sys, otp_mini; print('otp_mini.{module}' in sys.modules)") == "False\n"


def test_of_the_standard_library_what_takes_long_is_not_loaded_for_what_few_need() -> None:
    heavy = "{'asyncio', 'random', 'pathlib', 'decimal', 'fractions', 'datetime', 'urllib'}"
    assert of_python(
        f"import sys; before = {{*sys.modules}}; import otp_mini; print({heavy} & {{*sys.modules}} - before)"
    ) == ("set()\n")


def test_every_name_of_the_package_can_be_asked_for() -> None:
    assert of_python(
        "from otp_mini import *; print(Kill.__name__, explore.__name__, replay.__name__, campaign.__name__)"
    ) == ("Kill explore replay campaign\n")


@pytest.mark.parametrize("name", ["campaign", "explore"])
@pytest.mark.parametrize(
    "first", ["import otp_mini.{0}", "from otp_mini.{0} import {0}", "from otp_mini import {0}", "pass"]
)
def test_a_function_keeps_its_name_whoever_loads_the_file_of_the_same_name(name: str, first: str) -> None:
    loaded = f"{first}\nimport otp_mini, otp_mini.{name}\nprint(otp_mini.{name}.__module__, callable(otp_mini.{name}))"
    assert of_python(loaded.format(name)) == f"otp_mini.{name} True\n"


def test_another_name_of_the_package_can_be_replaced() -> None:
    before = otp_mini.explore
    try:
        replaced: Any = object()
        otp_mini.explore = replaced
        assert otp_mini.explore is replaced
    finally:
        otp_mini.explore = before


# ---- what a process leaves -----------------------------------------------------------------------


class Counter(GenServer):
    def init(self, first: int) -> Ok:
        return Ok(first)

    def handle_call(self, request: Any, from_: Any, state: int) -> Any:
        return Stop("normal", "last", state) if request == "stop" else Reply(state, state + 1)

    def handle_cast(self, request: Any, state: int) -> NoReply:
        return NoReply(state + request)

    def handle_info(self, message: Any, state: int) -> NoReply:
        return NoReply(state)


def test_a_server_that_was_used_keeps_no_more_than_one_that_never_was() -> None:
    async def objects(used: bool) -> float:
        servers = list[Pid | None]()
        before = _objects()
        for _ in range(200):
            servers.append(pid := await Counter.start(1))
            if used:
                await GenServer.call(pid, "next")
                GenServer.cast(pid, 1)
                send(pid, "hello")
                await GenServer.call(pid, "next")
        return (_objects() - before) / 200

    with Node() as node:
        used, unused = node.run(objects, True), node.run(objects, False)
    assert used <= unused + 1.1  # the dict of those who wait for its answer
    assert unused < 11


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def test_a_process_that_has_ended_leaves_nothing_for_the_collector() -> None:
    """No cycle is left, also where asyncio's tasks are to know their process."""
    assert "asyncio" in sys.modules

    async def main() -> int:
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                Process.monitor(spawn(lambda: None))
                await GenServer.stop(await Counter.start(1))
                await GenServer.call(await Counter.start(1), "stop")
            return gc.collect()
        finally:
            gc.enable()

    with Node() as node:
        assert node.run(main) == 0


def test_an_idle_server_has_no_mailbox_and_no_watchers() -> None:
    async def main() -> tuple[object, object, object]:
        pid = await Counter.start(1)
        assert pid is not None
        for _ in range(2):
            await GenServer.call(pid, "next")
        await Process.sleep(0)
        block: Any = pid.block
        info = Process.info(pid)
        assert info is not None
        return block.mailbox, block.monitors, (info["messages"], info["message_queue_len"], info["monitored_by"])

    with Node() as node:
        assert node.run(main) == (None, None, ([], 0, []))


def test_the_watchers_of_one_call_outlive_another() -> None:
    """Two wait for one server; the first has its answer, and the second learns of the end all the same."""

    class Slow(Counter):
        def handle_call(self, request: Any, from_: Any, state: int) -> Any:
            if request == "later":
                return NoReply(state)
            return Reply("now", state)

    async def main() -> list[object]:
        pid, heard = await Slow.start(1), list[object]()
        assert pid is not None

        async def wait() -> None:
            try:
                await GenServer.call(pid, "later")
            except Exit as exit:
                heard.append(exit.reason[0])  # type: ignore[index]

        Process.monitor(pid)
        spawn(wait)
        await Process.sleep(0)
        heard.append(await GenServer.call(pid, "now"))
        Process.exit(pid, "kill")
        message = await otp_mini.receive(Down)
        await Process.sleep(0)
        return [*heard, message.reason]

    with Node() as node:
        assert node.run(main) == ["now", "killed", "killed"]


# ---- messages of the system ----------------------------------------------------------------------


@pytest.mark.parametrize("message", [Down(Ref(1), Pid(2), ("boom", [1])), ExitSignal(Pid(2), "normal")])
def test_a_message_of_the_system_is_frozen_compares_and_is_matched(message: Any) -> None:
    names = [field.name for field in dataclasses.fields(message)]
    values = [getattr(message, name) for name in names]
    assert list(message.__match_args__) == names == list(type(message).__slots__)
    assert type(message)(**dict(zip(names, values, strict=True))) == message
    assert dataclasses.replace(message) == message != dataclasses.replace(message, reason="other")
    assert (
        repr(message)
        == f"{type(message).__name__}({', '.join(f'{n}={v!r}' for n, v in zip(names, values, strict=True))})"
    )
    for name in names:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(message, name, None)
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        message.more = 1
    assert copy.deepcopy(message) == copy_term(message) == message


def test_a_down_and_an_exit_signal_are_told_apart_by_a_match() -> None:
    match Down(Ref(1), "name", "boom"):
        case ExitSignal():
            raise AssertionError
        case Down(ref, pid, reason):
            assert (repr(ref), pid, reason) == ("#Ref<0.0.0.1>", "name", "boom")
    assert hash(Down(ref := Ref(1), "name", "boom")) == hash(Down(ref, "name", "boom"))


def test_an_exit_has_its_reason_as_its_only_argument() -> None:
    class Own(Exit):
        def __init__(self, one: int, other: int) -> None:
            super().__init__((one, other))

    assert (Exit().args, Exit().reason) == (("normal",), "normal")
    assert (Own(1, 2).args, Own(1, 2).reason) == (((1, 2),), (1, 2))
    again = pickle.loads(pickle.dumps(Exit(("a", 1))))
    assert (again.args, again.reason) == ((("a", 1),), ("a", 1))


def test_a_process_that_has_ended_keeps_its_context_to_itself() -> None:
    value: contextvars.ContextVar[int] = contextvars.ContextVar("value")

    tasks: list[Any] = []

    async def child(number: int) -> None:
        value.set(number)
        tasks.append(asyncio.current_task())

    async def main() -> Any:
        for number in (1, 2):
            Process.monitor(spawn(child, number))
            await receive()
        return [task.get_context() for task in tasks]

    async def cell() -> Any:
        with Node() as node:
            return await node.run_async(main)

    one, other = asyncio.run(cell())
    assert (one[value], other[value]) == (1, 2)
    assert one.run(lambda: other.run(lambda: "one inside the other")) == "one inside the other"


def test_what_is_loaded_late_is_known_by_its_name() -> None:
    program = "import otp_mini; print({*otp_mini.__all__} - {*dir(otp_mini)}, otp_mini.faults.__name__)"
    assert of_python(program) == "set() otp_mini.faults\n"


def test_the_package_shows_its_own_names_only() -> None:
    program = """
import sys
before = {*sys.modules}
import otp_mini
foreign = {name.partition(".")[0] for name in {*sys.modules} - before} - {*sys.stdlib_module_names}
def shown():
    public = {name for name in vars(otp_mini) if not name.startswith("_")} - {*otp_mini.__all__}
    return sorted(name for name in public if f"otp_mini.{name}" not in sys.modules)
print(foreign, shown())
otp_mini.explore
print(shown())
"""
    assert of_python(program) == "{'otp_mini'} []\n[]\n"

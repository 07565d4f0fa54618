"""Crash reports: said once, readable, and the same in every run."""

from __future__ import annotations

import logging
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from playing import play

from otp_mini import (
    Application,
    ChildSpec,
    Exit,
    GenServer,
    Node,
    NoReply,
    Ok,
    Process,
    Supervisor,
    Task,
    explore,
    receive,
    self_,
    send,
    spawn,
    sys_,
)
from otp_mini.lab.world import silence
from otp_mini.reports import FRAMES, explain, silenced


async def divide(by: int) -> float:
    return 1 / by


async def leave(reason: object) -> None:
    raise Exit(reason)


def reports(function: Any, *args: Any) -> None:
    async def main() -> None:
        spawn(function, *args)
        await Process.sleep(1)

    play(main)


def test_an_exception_in_a_process_is_logged_once_with_who_why_and_where(caplog: pytest.LogCaptureFixture) -> None:
    reports(divide, 0)
    [record] = caplog.records
    assert (record.name, record.levelno) == ("otp_mini", logging.ERROR)
    lines = record.getMessage().splitlines()
    assert lines[0] == "Process divide #PID<0.2.0> raised an exception"
    assert lines[1] == "** (ZeroDivisionError) division by zero"
    assert lines[2].startswith("    (test_reports.py) divide, line ")
    assert lines[2].endswith(": return 1 / by")
    assert len(lines) == 3


@pytest.mark.parametrize("reason", ["normal", "shutdown", "boom", "kill"])
def test_an_exit_of_a_plain_process_is_not_logged(reason: str, caplog: pytest.LogCaptureFixture) -> None:
    reports(leave, reason)
    assert caplog.messages == []


def test_a_registered_process_is_named_in_the_report(caplog: pytest.LogCaptureFixture) -> None:
    async def named() -> None:
        from otp_mini import self_

        Process.register(self_(), "accountant")
        raise ValueError("books")

    reports(named)
    assert caplog.messages[0].startswith("Process accountant #PID<0.2.0> raised")


def test_an_exception_of_the_main_process_is_raised_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), Node(clock="virtual") as node:
        node.run(divide, 0)
    assert caplog.messages == []


def test_a_report_shows_neither_path_nor_time_nor_address(caplog: pytest.LogCaptureFixture) -> None:
    class Server(GenServer):
        def init(self, _: Any) -> Any:
            return Ok(object())

        def handle_cast(self, request: Any, state: Any) -> Any:
            raise ValueError("boom")

    async def main() -> None:
        GenServer.cast(await Server.start(), object())
        await Process.sleep(1)

    play(main)
    [report] = caplog.messages
    assert " at 0x" not in report
    assert "/" not in report


def test_an_exception_with_many_lines_is_shown_whole() -> None:
    assert explain(ValueError("one\ntwo")) == "** (ValueError) one\n    | two"


def test_an_exception_without_words_is_its_name() -> None:
    assert explain(ValueError()) == "** (ValueError)"


def test_an_exit_reason_is_said_as_a_person_would() -> None:
    reason = ("noproc", ("GenServer", "call", ["a", 1, 5.0]))
    assert explain(reason).startswith("** (stop) GenServer.call('a', 1, 5.0) exited")


def test_the_frames_of_the_library_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    class Server(GenServer):
        def handle_cast(self, request: Any, state: Any) -> Any:
            return self.fail()

        def fail(self) -> Any:
            raise ValueError("boom")

    async def main() -> None:
        GenServer.cast(await Server.start(), "x")
        await Process.sleep(1)

    play(main)
    frames = [line for line in caplog.messages[0].splitlines() if ", line " in line]
    assert len(frames) == 2
    assert "Server.handle_cast" in frames[0]
    assert "Server.fail" in frames[1]


def test_a_state_and_a_message_without_end_are_cut_and_what_is_missing_is_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        state = {"rows": list(range(300_000)), "user": "ann"}
        GenServer.cast(await Fragile.start(state), ["x" * 300_000])
        await Process.sleep(1)

    play(main)
    lines = caplog.messages[0].splitlines()
    assert lines[-2].startswith("Last message: ['xxx")
    assert lines[-2].endswith("x… (298,000 characters more)] (a cast)")
    assert lines[-1].startswith("State: {'rows': [0, 1, 2, 3")
    assert lines[-1].endswith(", … 299,579 more], … 1 more}")
    assert max(map(len, lines)) < 2_100


def test_a_reason_without_end_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError(list(range(100_000)))

    reports(fail)
    assert caplog.messages[0].splitlines()[1].endswith(", 420, 421, … 99,578 more]")
    assert explain(("odd", list(range(100_000)))).endswith(", … 99,579 more])")


@pytest.mark.parametrize("left_out", [0, 1, 500])
def test_of_a_deep_recursion_both_ends_are_shown(left_out: int, caplog: pytest.LogCaptureFixture) -> None:
    def deeper(left: int) -> int:
        return deeper(left - 1) if left else 1 // 0

    reports(deeper, FRAMES - 1 + left_out)
    _, error, *frames = caplog.messages[0].splitlines()
    assert error.startswith("** (ZeroDivisionError)")
    said = [frames.pop(FRAMES // 2)] if left_out else []
    assert said == [f"    … ({left_out} frames more)"] * bool(left_out)
    assert ["deeper, line" in frame for frame in frames] == [True] * FRAMES


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    __str__ = __repr__

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unprintable)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no str")

    __repr__ = __str__


class Fragile(GenServer):
    def handle_cast(self, request: Any, state: Any) -> Any:
        raise Unspeakable

    def handle_info(self, message: Any, state: Any) -> Any:
        return NoReply(state)


def test_what_cannot_be_printed_is_reported_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> bool:
        GenServer.cast(await Fragile.start(Unprintable()), Unprintable())
        await Process.sleep(1)
        return Process.alive(await Fragile.start())

    assert play(main) is True
    [report] = caplog.messages
    assert "** (Unspeakable) <its __str__ failed with RuntimeError>" in report
    assert "Last message: <Unprintable whose __repr__ failed with RuntimeError> (a cast)" in report
    assert "State: <Unprintable whose __repr__ failed with RuntimeError>" in report


async def unprintable_reason() -> None:
    Process.exit(spawn(Process.sleep, 9), Unprintable())
    raise Exit(Unprintable())


async def unprintable_message() -> None:
    send(await GenServer.start(), Unprintable())
    send(await Supervisor.start_link([], strategy="one_for_one"), Unprintable())


async def unprintable_child() -> None:
    children = [ChildSpec(Unprintable(), (GenServer.start_link, (Unprintable(),)))]
    sup = await Supervisor.start_link(children, strategy="one_for_one", name=Unprintable())
    [row] = await Supervisor.which_children(sup)
    await GenServer.stop(row.pid, Unprintable())


async def unprintable_task() -> None:
    def work(argument: object) -> None:
        raise Unspeakable

    Task.start(work, Unprintable())


async def unprintable_application() -> None:
    class Shop(Application):
        async def start(self, type: str, args: Any) -> Any:
            return await GenServer.start_link()

    top = await Shop.start_application()
    Process.exit(top, Unprintable())


async def unprintable_trace() -> None:
    server = await GenServer.start(Unprintable())
    await sys_.trace(server, True)
    send(server, Unprintable())


@pytest.mark.parametrize(
    "program",
    [unprintable_reason, unprintable_message, unprintable_child, unprintable_task, unprintable_application,
     unprintable_trace],
)  # fmt: skip
def test_wherever_it_is_logged_what_cannot_be_printed_harms_nobody(
    program: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> bool:
        spawn(program)
        await Process.sleep(20)
        return Process.alive(await Fragile.start())

    caplog.set_level(logging.INFO, "otp_mini")
    assert play(main) is True
    said = "\n".join(caplog.messages) + capsys.readouterr().out
    assert "failed with RuntimeError" in said or program is unprintable_reason
    assert [record.exc_info for record in caplog.records if record.exc_info] == []


def test_a_name_that_cannot_be_printed_is_reported_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> bool:
        GenServer.cast(await Fragile.start(1, name=Unprintable()), "x")
        await Process.sleep(1)
        return Process.alive(await Fragile.start())

    assert play(main) is True
    assert len(caplog.messages) == 1
    assert "#PID<0.2.0> terminating" in caplog.messages[0]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "%s %d %(x)s", "{0} {x}", "\x1b[31mred"])
def test_a_name_with_markup_is_text_in_a_report(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        GenServer.cast(await Fragile.start(name, name=name), name)
        await Process.sleep(1)

    play(main)
    [report] = caplog.messages
    assert f"State: {name!r}" in report
    assert "#PID<0.2.0> terminating" in report.splitlines()[0]


class Broken(logging.Handler):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error, self.asked = error, 0

    def emit(self, record: logging.LogRecord) -> None:
        self.asked += 1
        raise self.error


async def stray_messages() -> list[Any]:
    server = await GenServer.start()
    supervisor = await Supervisor.start_link([], strategy="one_for_one")
    for pid in (server, supervisor):
        send(pid, "stray")
    await Process.sleep(1)
    return [server, supervisor]


async def a_child_is_killed() -> list[Any]:
    supervisor = await Supervisor.start_link([(GenServer, 0)], strategy="one_for_one")
    [row] = await Supervisor.which_children(supervisor)
    Process.exit(row.pid, "kill")
    await Process.sleep(1)
    assert (await Supervisor.count_children(supervisor)).active == 1
    return [supervisor]


async def a_server_and_a_task_crash() -> list[Any]:
    supervisor = await Supervisor.start_link([(Fragile, 0)], strategy="one_for_one")
    [row] = await Supervisor.which_children(supervisor)
    GenServer.cast(row.pid, "crash")
    Task.start(divide, 0)
    spawn(divide, 0)
    await Process.sleep(1)
    assert (await Supervisor.count_children(supervisor)).active == 1
    return [supervisor]


async def one_resists_its_kill() -> list[Any]:
    async def stubborn() -> None:
        try:
            await receive()
        finally:
            await receive()

    bystander, pid = await GenServer.start(), spawn(stubborn)
    await Process.sleep(1)
    Process.exit(pid, "kill")
    await Process.sleep(1)
    assert not Process.alive(pid)
    return [bystander]


@pytest.mark.parametrize("error", [OSError("disk full\n"), Exit("from a handler")], ids=["error", "exit"])
@pytest.mark.parametrize(
    "program", [stray_messages, a_child_is_killed, a_server_and_a_task_crash, one_resists_its_kill]
)
def test_a_handler_of_the_log_that_raises_ends_nobody(
    program: Any, error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def main() -> list[bool]:
        Process.flag(trap_exit=True)
        return [Process.alive(pid) for pid in [self_(), *await program()]]

    handler, log = Broken(error), logging.getLogger("otp_mini")
    monkeypatch.setattr(log, "handlers", [handler])
    monkeypatch.setattr(log, "level", logging.INFO)
    monkeypatch.setattr(log, "propagate", False)
    log.manager._clear_cache()  # type: ignore[attr-defined]
    assert all(play(main))
    assert handler.asked > 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) == handler.asked
    assert all(line.startswith("otp_mini: a handler of the log failed with ") for line in told)


def test_a_report_is_forged_by_no_text_of_an_exception(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("one\nState: forged \x1b[31m\u202e")

    reports(fail)
    assert [line for line in caplog.messages[0].splitlines() if line.startswith("State")] == []
    assert all(line.isprintable() for line in caplog.messages[0].splitlines())


# ---- where reports go ----------------------------------------------------------------------


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], say: Any) -> tuple[str, str]:
    """What a program that has set up no logging finds on stdout and stderr."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    say()
    return tuple(capsys.readouterr())


def test_a_report_of_a_program_without_logging_is_written_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = told(monkeypatch, capsys, lambda: reports(divide, 0))
    assert out == ""
    assert err.splitlines()[:2] == [
        "Process divide #PID<0.2.0> raised an exception",
        "** (ZeroDivisionError) division by zero",
    ]


@pytest.mark.parametrize("shell", [None, SimpleNamespace(), SimpleNamespace(kernel=None)])
def test_in_a_notebook_and_only_there_a_report_is_written_where_print_writes(
    shell: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal's IPython has a shell too, but not one of a kernel."""
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    out, err = told(monkeypatch, capsys, lambda: reports(divide, 0))
    in_notebook = hasattr(shell, "kernel")
    assert ("ZeroDivisionError" in out, "ZeroDivisionError" in err) == (in_notebook, not in_notebook)


@pytest.mark.parametrize("whose", ["", "otp_mini"])
def test_a_program_that_has_set_up_logging_gets_each_report_once(
    whose: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records: list[logging.LogRecord] = []

    class Mine(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    mine = Mine()

    def say() -> None:
        logging.getLogger(whose).addHandler(mine)
        try:
            reports(divide, 0)
        finally:
            logging.getLogger(whose).removeHandler(mine)

    assert told(monkeypatch, capsys, say) == ("", "")
    assert len(records) == 1


def test_what_is_less_than_a_warning_is_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(monkeypatch, capsys, lambda: logging.getLogger("otp_mini").info("a detail")) == ("", "")


def test_a_stream_that_fails_harms_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stderr", SimpleNamespace())
    monkeypatch.setattr(logging, "raiseExceptions", False)
    assert told(monkeypatch, capsys, lambda: reports(divide, 0)) == ("", "")
    monkeypatch.setattr(sys, "stderr", None)
    assert told(monkeypatch, capsys, lambda: reports(divide, 0)) == ("", "")


# --- silence ----------------------------------------------------------------------------------------------------


def test_what_one_thread_does_in_silence_another_still_reports(caplog: pytest.LogCaptureFixture) -> None:
    inside, over = threading.Event(), threading.Event()

    def silent() -> None:
        with silenced(), silenced():
            inside.set()
            over.wait(60)
            reports(divide, 0)

    thread = threading.Thread(target=silent)
    thread.start()
    inside.wait(60)
    reports(divide, 0)
    over.set()
    thread.join()
    assert len(caplog.records) == 1
    reports(divide, 0)
    assert len(caplog.records) == 2


@pytest.mark.parametrize("what", ["explore", "lab"])
def test_threads_that_work_in_silence_leave_the_log_and_stdout_as_they_were(what: str) -> None:
    """Whichever ends first, and whichever began first."""
    stdout, log = sys.stdout, logging.getLogger("otp_mini")
    before = (log.level, log.disabled, log.propagate)
    barrier = threading.Barrier(4)

    async def scenario() -> list[int]:
        for number in range(3):
            spawn(send, self_(), number)
        return [await receive() for _ in range(3)]

    def work(times: int) -> None:
        barrier.wait(60)
        for _ in range(times):
            match what:
                case "explore":
                    explore(scenario)
                case _:
                    with silence():
                        time.sleep(0.001)
                        print("heard by nobody")

    threads = [threading.Thread(target=work, args=(times,)) for times in (1, 3, 5, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is stdout
    assert (log.level, log.disabled, log.propagate) == before

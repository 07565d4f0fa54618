"""Errors: exits are no exceptions, and every message can be read."""
from __future__ import annotations

import pytest

from otp_mini import AlreadyStarted, BadArg, CopyError, Deadlock, Exit, NoProc, Pid, StartError
from otp_mini.errors import describe_exception, describe_reason, safe_repr


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __hash__(self) -> int:
        return 1


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no str")


def test_an_exit_passes_except_exception() -> None:
    with pytest.raises(Exit):
        try:
            raise Exit("boom")
        except Exception:
            pytest.fail("an exit was caught as an error")


def test_an_exit_is_normal_by_default() -> None:
    assert Exit().reason == "normal"


def test_an_exit_matches_by_position() -> None:
    match Exit(("shutdown", 3)):
        case Exit(("shutdown", number)):
            assert number == 3
        case _:
            pytest.fail("no match")


@pytest.mark.parametrize(
    ("error", "base"),
    [
        (BadArg, ValueError),
        (NoProc, LookupError),
        (CopyError, TypeError),
        (StartError, Exception),
        (Deadlock, RuntimeError),
    ],
)
def test_an_error_is_caught_as_what_python_calls_it(error: type[Exception], base: type[Exception]) -> None:
    assert issubclass(error, base)
    assert not issubclass(error, Exit)


def test_already_started_is_a_start_error_with_the_pid() -> None:
    error = AlreadyStarted(Pid(7))
    assert isinstance(error, StartError)
    assert error.reason == ("already_started", error.pid)
    assert str(error) == "a process with that name runs already: #PID<0.7.0>"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("noproc", "no such process: it is not alive, or no process has that name ('noproc')"),
        ("calling_self", "a process called itself"),
        ("killed", "it was killed"),
        ("boom", "'boom'"),
        (17, "17"),
        (None, "None"),
        (ValueError("no milk"), "ValueError: no milk"),
        (ValueError(), "ValueError"),
        (("bad_return_value", 5), "a callback returned what it may not: 5"),
        (
            ("killed", ("GenServer", "call", ["cache", "get", 5.0])),
            "GenServer.call('cache', 'get', 5.0) exited: it was killed",
        ),
        (
            (("noproc", ("GenServer", "call", ["b", 1, 5.0])), ("GenServer", "call", ["a", 1, 5.0])),
            "GenServer.call('a', 1, 5.0) exited: GenServer.call('b', 1, 5.0) exited: no such process",
        ),
    ],
)
def test_a_reason_is_said_as_a_person_would(reason: object, said: str) -> None:
    assert describe_reason(reason).startswith(said)


@pytest.mark.parametrize("reason", [Unprintable(), (Unprintable(), 1), Unspeakable(), [Unprintable()]])
def test_a_reason_that_cannot_be_printed_is_described_all_the_same(reason: object) -> None:
    assert "failed with RuntimeError" in describe_reason(reason)


@pytest.mark.parametrize("error", [Exit(Unprintable()), StartError(Unprintable()), AlreadyStarted(Unprintable())])
def test_an_error_about_what_cannot_be_printed_can_be_printed(error: BaseException) -> None:
    assert "failed with RuntimeError" in str(error)


def test_safe_repr_names_the_type_of_what_cannot_be_printed() -> None:
    assert safe_repr(Unprintable()) == "<Unprintable whose __repr__ failed with RuntimeError>"


def test_describe_exception_survives_a_broken_str() -> None:
    assert describe_exception(Unspeakable()) == "Unspeakable: <its __str__ failed with RuntimeError>"


@pytest.mark.parametrize(
    "reason", [(), [], {}, ("bad_return_value",), ("a", ("b", "c", "d")), ("a", (1, 2, [3])), "", b"x"]
)
def test_any_term_can_be_a_reason(reason: object) -> None:
    assert describe_reason(reason) == repr(reason)

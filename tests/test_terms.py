"""Pids, references and system messages: immutable, printable, matchable."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from otp_mini import INFINITY, TIMEOUT, Down, ExitSignal, Pid, Ref, Shared
from otp_mini.terms import is_quiet


def test_a_pid_prints_as_in_iex() -> None:
    assert repr(Pid(7)) == "#PID<0.7.0>"


def test_a_reference_prints_as_in_iex() -> None:
    assert repr(Ref(7)) == "#Ref<0.0.0.7>"


@pytest.mark.parametrize("term", [Pid(1), Ref(1), Shared([1]), TIMEOUT])
def test_copies_of_a_term_that_stands_for_itself_are_itself(term: object) -> None:
    assert copy.copy(term) is term
    assert copy.deepcopy(term) is term
    assert copy.deepcopy([term])[0] is term


def test_two_pids_or_references_with_one_number_are_not_equal() -> None:
    assert Pid(1) != Pid(1)
    assert Ref(1) != Ref(1)


def test_a_pid_cannot_be_pickled_and_says_why() -> None:
    with pytest.raises(TypeError, match="only inside its own node"):
        pickle.dumps(Pid(1))


def test_timeout_equals_the_word_and_is_no_other_timeout() -> None:
    assert TIMEOUT == "timeout"
    assert repr(TIMEOUT) == "TIMEOUT"
    word = "time" + "out"
    assert word is not TIMEOUT
    assert hash(TIMEOUT) == hash("timeout")


def test_down_and_exit_signal_match_by_position() -> None:
    pid, ref = Pid(1), Ref(1)
    match Down(ref, pid, "boom"):
        case Down(a, b, "boom"):
            assert (a, b) == (ref, pid)
        case _:
            pytest.fail("no match")
    match ExitSignal(pid, "boom"):
        case ExitSignal(who, reason):
            assert (who, reason) == (pid, "boom")


@pytest.mark.parametrize("message", [Down(Ref(1), Pid(1), "x"), ExitSignal(Pid(1), "x")])
def test_system_messages_cannot_be_changed(message: object) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.reason = "y"  # type: ignore[attr-defined]


def test_shared_shows_what_it_holds() -> None:
    assert repr(Shared([1])) == "Shared([1])"


def test_infinity_is_larger_than_any_number() -> None:
    assert INFINITY > 10**300


@pytest.mark.parametrize(
    ("reason", "quiet"),
    [
        ("normal", True), ("shutdown", True), (("shutdown", "moved"), True), (("shutdown", 1, 2), False),
        ("killed", False), ("kill", False), ("noproc", False), (None, False), (ValueError(), False),
    ],
)  # fmt: skip
def test_only_normal_and_shutdown_are_quiet(reason: object, quiet: bool) -> None:
    assert is_quiet(reason) is quiet


def test_a_list_is_no_shutdown_tuple() -> None:
    assert is_quiet(["shutdown", 1]) is False

"""Values: from the scenario's JSON to Python terms, and back.

An atom is a `str`, a tuple a `tuple`, a list a `list`, a binary `bytes`. A pid, a reference or a table is
written as the name that the scenario gave it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import otp_mini as otp

Json = Any
Term = Any

#: Atoms that Python has a constant for.
CONSTANTS: dict[str, Term] = {"true": True, "false": False, "nil": None}

#: What Elixir calls an error, for each that otp_mini (or the scenario's own code) raises.
KINDS: dict[str, str] = {"BadArg": "ArgumentError", "NoProc": "ErlangError"}


def atom(name: str) -> Term:
    return CONSTANTS.get(name, name)


def decode(value: Json, pid_of: Callable[[str], Term]) -> Term:
    """Turn a value of a scenario into a term; `pid_of` finds the process of a name."""
    match value:
        case str():
            return atom(value)
        case list():
            return tuple(decode(each, pid_of) for each in value)
        case {"list": list(items)}:
            return [decode(each, pid_of) for each in items]
        case {"bin": str(text)}:
            return text.encode()
        case {"proc": str(name)}:
            return pid_of(name)
    return value


def encode(term: Term, name_of: Callable[[object], str]) -> Json:
    """Write a term as a value of an observation; `name_of` names a pid, a reference or a table."""

    def write(inner: Term) -> Json:
        return encode(inner, name_of)

    match term:
        case None | bool() | int() | float():
            return term
        case str():
            return str(term)
        case bytes():
            return {"bin": term.decode()}
        case list():
            return {"list": [write(each) for each in term]}
        case dict():
            return as_binaries(term)
        case otp.ExitSignal(pid, reason):
            return ["EXIT", write(pid), write(reason)]
        case otp.Down(ref, who, reason):
            return ["DOWN", write(ref), write(who), write(reason)]
        case otp.ets.EtsTransfer(table, giver, data):
            return ["ETS-TRANSFER", write(table), write(giver), write(data)]
        case BaseException():
            return ["exception", kind_of(term), str(term)]
        case tuple():
            return [write(each) for each in plain(term)]
    return name_of(term)


def plain(term: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return a tuple as Elixir would have it: results of callbacks, and exits out of a call, in their short form."""
    match term:
        case otp.Reply(value, state, then):
            return ("reply", value, state, *extra(then))
        case otp.NoReply(state, then):
            return ("noreply", state, *extra(then))
        case otp.Stop(reason, state):
            reply = () if term == otp.Stop(reason, state) else (term.reply,)
            return ("stop", reason, *reply, state)
        case (reason, (str(module), str(function), list())):
            return (reason, f"{module}.{function}")
    return term


def extra(then: Term) -> tuple[Term, ...]:
    """Return the last element of a callback's result, if it has one."""
    match then:
        case None:
            return ()
        case otp.Timeout(seconds):
            return (round(seconds * 1000),)
        case otp.Continue(term):
            return (("continue", term),)
    return (then,)


def as_binaries(value: Json) -> Json:
    """Write a piece of the scenario itself that comes back as a message: its strings are binaries."""
    match value:
        case str():
            return {"bin": value}
        case list():
            return {"list": [as_binaries(each) for each in value]}
        case dict():
            pairs = [[as_binaries(name), as_binaries(inner)] for name, inner in value.items()]
            return {"map": sorted(pairs, key=json.dumps)}
    return value


def kind_of(error: BaseException) -> str:
    name = type(error).__name__
    return KINDS.get(name, name)


def add(number: Term, by: Term) -> Term:
    """Add as Elixir does: to numbers only, and `True` is none."""
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ArithmeticError("bad argument in arithmetic expression")
    return number + by

"""Attack tables: for each exercise the answers that its visible check must refuse, and those that must pass.

A chapter's table stands in ``attacks_NN.py`` (NN is the number of its notebook); `test_attacks.py` finds it there.
A row is one line::

    from attacks import Table
    from otp_mini.exercises import genserver_basics as ex

    table = Table()
    table.wrong(ex.tally, "returns the old total as the state", ForgetfulTally, "what the next callback gets")
    table.hard_coded(ex.tally, "knows the two shown totals", KnowingTally, "other numbers")
    table.right(ex.tally, "keeps its total in a tuple", TupleTally)

For each exercise there are at least five wrong answers, one of them hard-coded for the shown numbers, and one unusual
right one besides the solution of the notebook. The wrong ones are to be the likely misconceptions, among them one that
does the work in the wrong process. ``words`` has to stand in the message: choose those that name *this* mistake.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from otp_mini.exercises import NotYet, check

Check = Callable[..., Awaitable[None]]
LEAST_WRONG = 5


@dataclass(frozen=True)
class Row:
    """One answer to one exercise."""

    test: Check
    about: str  # what its author believed
    answer: Any
    words: tuple[str, ...] = ()  # each stands in the message
    hard_coded: bool = False

    def __str__(self) -> str:
        return f"{self.test.__name__}: {self.about}"


@dataclass
class Table:
    """The attacks on one chapter's checks."""

    wrongs: list[Row] = field(default_factory=list)
    rights: list[Row] = field(default_factory=list)

    def wrong(self, test: Check, about: str, answer: Any, *words: str) -> None:
        """Add an answer that the visible check refuses, with each of the words in its message."""
        self.wrongs.append(Row(test, about, answer, words))

    def hard_coded(self, test: Check, about: str, answer: Any, *words: str) -> None:
        """Add a wrong answer that fits the numbers in the exercise's text, and no others."""
        self.wrongs.append(Row(test, about, answer, words, hard_coded=True))

    def right(self, test: Check, about: str, answer: Any) -> None:
        """Add an answer that is right in its own way and has to pass."""
        self.rights.append(Row(test, about, answer))

    def missing(self, test: Check) -> list[str]:
        """What the table still lacks for an exercise."""
        wrongs = [row for row in self.wrongs if row.test is test]
        rights = [row for row in self.rights if row.test is test]
        lacks = {
            f"{LEAST_WRONG} wrong answers, not {len(wrongs)}": len(wrongs) < LEAST_WRONG,
            "a hard-coded answer": not any(row.hard_coded for row in wrongs),
            "an unusual right answer": not rights,
        }
        return [what for what, lacking in lacks.items() if lacking]


def tables() -> dict[str, Table]:
    """The table of each chapter that has one, by the number of its notebook."""
    found = sorted(Path(__file__).parent.glob("attacks_[0-9][0-9].py"))
    return {path.stem[-2:]: importlib.import_module(path.stem).table for path in found}


def refusal(test: Check, *answer: Any, **numbers: Any) -> NotYet:
    """What a check says to an answer that it must refuse."""
    with pytest.raises(NotYet) as caught:
        asyncio.run(check(test, *answer, **numbers))
    return caught.value


def passes(test: Check, *answer: Any, **numbers: Any) -> None:
    """Run a check on an answer that it must accept; its message is the failure."""
    asyncio.run(check(test, *answer, quiet=True, **numbers))

"""The checks of the course's exercises: the same on the page, in a student's copy, for a grader.

Each chapter has a module of checks; `check` runs one of them on a fresh node with virtual time::

    from otp_mini.exercises import check
    from otp_mini.exercises import genserver_basics as exercises

    await check(exercises.tally, Tally)
"""

from __future__ import annotations

from .checking import NotYet, check, expect
from .every_schedule import expect_in_every_schedule
from .published import remember
from .surviving import expect_to_survive

remember()

__all__ = ["NotYet", "check", "expect", "expect_in_every_schedule", "expect_to_survive"]

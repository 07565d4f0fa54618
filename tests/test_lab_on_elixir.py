"""What the crash lab shows is what real Elixir does."""

from __future__ import annotations

import json
import random

import pytest
from lab_on_elixir import (
    LONG,
    STARTS_RECORD,
    comparable,
    hall_paths,
    long_paths,
    make_hall,
    make_lab,
    mine,
    mine_with_errors,
    paths,
    question,
    read_record,
    side_by_side,
    theirs,
    visits,
    with_errors,
)


@pytest.mark.slow
def test_every_path_of_two_crashes_ends_as_on_real_elixir_event_by_event() -> None:
    lab, record = make_lab(), read_record()
    assert len(record) > 1000 + LONG
    assert [str(path) for path in paths(lab)] == list(record)
    for name, answer in record.items():
        path = json.loads(name)
        assert comparable(lab, path, mine(lab, path)) == comparable(lab, path, answer), path


@pytest.mark.slow
def test_every_start_is_answered_as_on_real_elixir_and_what_comes_of_it_is_the_same() -> None:
    lab, record = make_hall(), read_record(STARTS_RECORD)
    assert [str(path) for path in hall_paths(lab)] == list(record)
    errors = [error for answer in record.values() for error in answer["errors"]]
    assert min(errors.count(each) for each in ("max_children", "banned")) > 50
    for name, answer in record.items():
        path = json.loads(name)
        assert side_by_side(mine_with_errors(lab, path)) == side_by_side(answer), path


def test_fresh_paths_with_starts_are_played_on_real_elixir(elixir: str) -> None:
    from elixir import Elixir

    lab = make_hall()
    asked = visits(lab, random.Random(), 6)
    with Elixir(1) as machine:
        answers = machine.answers([question(lab, path) for path in asked])
    for path in asked:
        theirs_ = with_errors(answers[str(path)]["obs"])
        assert side_by_side(mine_with_errors(lab, path)) == side_by_side(theirs_), path


def test_fresh_paths_of_four_crashes_are_played_on_real_elixir(elixir: str) -> None:
    from elixir import Elixir

    lab = make_lab()
    asked = long_paths(lab, random.Random(), 10)
    with Elixir(1) as machine:
        answers = machine.answers([question(lab, path) for path in asked])
    for path in asked:
        assert comparable(lab, path, mine(lab, path)) == comparable(lab, path, theirs(answers[str(path)]["obs"])), path

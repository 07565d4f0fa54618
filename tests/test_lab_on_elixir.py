"""What the crash lab shows is what real Elixir does."""

from __future__ import annotations

import json
import random

import pytest
from lab_on_elixir import LONG, comparable, long_paths, make_lab, mine, paths, question, read_record, theirs


@pytest.mark.slow
def test_every_path_of_two_crashes_ends_as_on_real_elixir_event_by_event() -> None:
    lab, record = make_lab(), read_record()
    assert len(record) > 1000 + LONG
    assert [str(path) for path in paths(lab)] == list(record)
    for name, answer in record.items():
        path = json.loads(name)
        assert comparable(lab, path, mine(lab, path)) == comparable(lab, path, answer), path


def test_fresh_paths_of_four_crashes_are_played_on_real_elixir(elixir: str) -> None:
    from elixir import Elixir

    lab = make_lab()
    asked = long_paths(lab, random.Random(), 10)
    with Elixir(1) as machine:
        answers = machine.answers([question(lab, path) for path in asked])
    for path in asked:
        assert comparable(lab, path, mine(lab, path)) == comparable(lab, path, theirs(answers[str(path)]["obs"])), path

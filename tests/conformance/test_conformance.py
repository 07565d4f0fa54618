"""otp_mini answers as real Elixir does: recorded scenarios, and fresh ones where Elixir is installed."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import differential
import play as player
import pytest
from canon import canon
from compare import compare, load
from elixir import Elixir, Scenario
from generate import generate, shrunk
from scenarios import STRATEGIES

HERE = Path(__file__).parent
RECORDED = [HERE / "sample.json", *sorted((HERE / "records").glob("*.json.gz"))]
SAMPLE: list[Scenario] = load(HERE / "sample.json")["scenarios"]
REGRESSIONS: list[Scenario] = load(HERE / "regressions.json")["scenarios"]

#: Fresh scenarios of each family on every run. `differential.py` plays as many as one likes.
FRESH = 4


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_every_recorded_scenario_ends_as_on_elixir(path: Path) -> None:
    recorded = load(path)["scenarios"]
    _, differences = compare(recorded, {each["id"]: player.play(each) for each in recorded})
    shown = "\n".join(map(str, differences[:3]))
    assert not differences, f"{len(differences)} of {len(recorded)} scenarios differ, the first of them:\n{shown}"


@pytest.mark.parametrize("recorded", REGRESSIONS, ids=lambda scenario: scenario["id"])
def test_a_difference_once_found_does_not_come_back(recorded: Scenario) -> None:
    _, differences = compare([recorded], {recorded["id"]: player.play(recorded)})
    assert not differences, str(differences[0])


def test_every_family_is_recorded() -> None:
    assert {each["family"] for path in RECORDED for each in load(path)["scenarios"]} == set(STRATEGIES)
    assert {path.name.split(".")[0] for path in RECORDED[1:]} == set(STRATEGIES)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("family", STRATEGIES)
def test_fresh_random_scenarios_end_as_on_elixir(elixir: str, family: str) -> None:
    with Elixir(machines=1) as machines:
        outcome = differential.both_sides(machines, generate(family, FRESH, 2))
    assert not outcome.differences, "\n".join(map(str, outcome.differences))
    assert outcome.scores, "Elixir answered none of them the same twice"


# ---- the measure itself ----


def test_answering_nothing_scores_nothing() -> None:
    scores, differences = compare(SAMPLE, {})
    assert scores["TOTAL"].scenarios == 0
    assert len(differences) == len(SAMPLE)


@pytest.mark.parametrize("recorded", SAMPLE, ids=lambda scenario: scenario["id"])
def test_one_changed_observation_is_a_difference(recorded: Scenario) -> None:
    observed = copy.deepcopy(recorded["obs"])
    assert compare([recorded], {recorded["id"]: {"obs": observed}})[1] == []
    if recorded["family"] == "gs":
        observed[0] = ["something", "else"]
    else:
        observed[0]["r"] = ["something", "else"]
    assert len(compare([recorded], {recorded["id"]: {"obs": observed}})[1]) == 1


def test_one_and_one_point_zero_and_true_are_three_values() -> None:
    scenario = {"family": "links", "ops": [{"op": "alive", "of": "p1"}]}
    texts = {tuple(canon(scenario, [{"r": value, "died": [], "msgs": {}}])) for value in (1, 1.0, True)}
    assert len(texts) == 3


def test_messages_of_a_process_that_died_are_not_compared() -> None:
    scenario = {"family": "links", "ops": [{"op": "die", "by": "p1", "how": ["return"]}]}
    died = {"r": "died", "died": [["p1", "normal"]]}
    assert canon(scenario, [{**died, "msgs": {"p1": ["late"]}}]) == canon(scenario, [{**died, "msgs": {}}])


def test_the_player_does_not_look_at_the_answer() -> None:
    for recorded in SAMPLE:
        question = {key: value for key, value in recorded.items() if key != "obs"}
        assert player.play(question) == player.play({**recorded, "obs": ["a lie"]})


def test_playing_twice_gives_the_same() -> None:
    for family in STRATEGIES:
        for scenario in generate(family, 2, 3):
            assert player.play(scenario) == player.play(scenario)


def test_too_many_turns_are_an_error_and_not_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "MOST_TURNS", 5)
    answer = player.play(SAMPLE[0])
    assert "turns" in answer["error"]
    assert "obs" not in answer


def test_a_scenario_of_an_unknown_family_is_an_error() -> None:
    assert "error" in player.play({"id": "one", "family": "unheard-of", "ops": []})


def test_the_command_writes_an_answer_for_each_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "answers.json"
    monkeypatch.setattr("sys.argv", ["play.py", str(HERE / "sample.json"), str(out)])
    player.main()
    answers = json.loads(out.read_text())
    assert [answer["id"] for answer in answers] == [each["id"] for each in SAMPLE]


# ---- the generator ----


@pytest.mark.parametrize("family", STRATEGIES)
def test_a_seed_gives_the_same_scenarios_again(family: str) -> None:
    assert generate(family, 3, 7) == generate(family, 3, 7)
    assert generate(family, 3, 7) != generate(family, 3, 8)


def test_a_difference_shrinks_to_its_smallest_case() -> None:
    def fine(scenario: Scenario) -> bool:
        return all(op["op"] != "link" for op in scenario["ops"])

    number = next(each["number"] for each in generate("links", 20, 5) if not fine(each))
    smallest = shrunk("links", number, fine)
    assert [op["op"] for op in smallest["ops"]] == ["alive", "link"]

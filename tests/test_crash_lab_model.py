"""What the crash lab's page says has become of everybody is what a fresh run of the same path gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from lab_scenarios import GUESTS, RAISES, hall, linked, nursery, pair, part, picky, pool, shop, slow, ticking
from playwright.sync_api import Page, sync_playwright

from otp_mini.lab import Lab, futures_of, strategy_labs
from otp_mini.viz import front_end

ALIVE = 2  # running, starting, stopping; what comes after is not alive

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default::ResourceWarning"),  # Playwright's own, at its end
]

LOAD = """async (source) => {
  const { Run } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const shown = (run) => {
    const { st, life, win, clock } = run.frames[run.last];
    return { st, life, win, clock };
  };
  window.follow = (lab, paths) => paths.map((path) => {
    const run = new Run(lab);
    for (const action of path) run.add(action, run.stored(action, run.path.length));
    return shown(run);
  });
  window.answered = (lab, answers) => {
    const run = new Run(lab);
    for (const [asked, answer] of answers) {
      run.learn(answer);
      run.add([asked].flat()[0], answer, asked);
    }
    return shown(run);
  };
  window.back = (lab, answers, act) => {
    const run = new Run(lab);
    for (const [asked, answer] of answers) run.add([asked].flat()[0], answer, asked);
    run.cut(act);
    return shown(run);
  };
  window.atRest = (lab) => lab.runs.flatMap((_, i) => {
    const run = new Run({ ...lab, menus: [[0]], edges: [[0, i, -1]] });
    run.add(0, run.stored(0, 0));
    const { op, arg, st } = run.frames[run.last];
    return op === "quiet" && arg === 0 && st.some((state) => state === 1 || state === 2) ? [i] : [];
  });
}"""


@pytest.fixture(scope="module")
def model(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.evaluate(LOAD, front_end.module("crash_lab")[0])
        yield page
        browser.close()


def paths_of(document: dict[str, Any], most: int) -> list[list[int]]:
    """Every stored path of so many steps or fewer."""
    found: list[tuple[list[int], int]] = [([], 0)]
    for path, state in found:
        if len(path) < most:
            found += [([*path, action], to) for action, _, to in futures_of(document, state)]
    return [path for path, _ in found]


def differences(lab: Lab, path: list[Any], shown: dict[str, Any]) -> list[str]:
    """Where the page and a fresh run differ."""
    real = lab.states(path)
    found = [] if abs(shown["clock"] - real["clock"]) < 1e-6 else [f"clock {shown['clock']} for {real['clock']}"]
    for p, proc in enumerate(lab.document(0)["procs"]):
        st = shown["st"][p] if p < len(shown["st"]) else 7
        life = shown["life"][p] if p < len(shown["life"]) else 0
        if proc["kind"] == "crowd":
            continue
        if (st <= ALIVE) != real["alive"][p]:
            found.append(f"{proc['name']} is {'not ' * (st > ALIVE)}alive on the page")
        if life != real["life"][p]:
            found.append(f"{proc['name']} is in life {life} for {real['life'][p]}")
        window = shown["win"][p] if p < len(shown["win"]) else []
        if real["alive"][p] and window != pytest.approx(real["window"][p], abs=1e-6):
            found.append(f"{proc['name']} counts {window} for {real['window'][p]}")
    return [f"{[lab.describe(step) if isinstance(step, int) else step for step in path]}: {text}" for text in found]


@pytest.mark.parametrize("scenario", [pair, slow, picky, pool, linked, ticking, nursery, shop, hall])
def test_after_every_path_of_two_actions_the_page_shows_what_a_fresh_run_gives(scenario: Any, model: Page) -> None:
    lab = Lab(scenario, raises=RAISES if scenario is shop else None, starts=GUESTS if scenario is hall else None)
    document = lab.document(2)
    paths = paths_of(document, 2)
    if len(paths) > 400:
        paths = random.Random(7).sample(paths, 400)
    shown = model.evaluate("([lab, paths]) => follow(lab, paths)", [document, paths])
    found = [text for path, state in zip(paths, shown, strict=True) for text in differences(lab, path, state)]
    assert found == []
    assert len(paths) > 30


@pytest.mark.parametrize("scenario", [pair, slow, pool, linked, shop, hall])
def test_after_a_crash_in_the_middle_the_page_shows_what_a_fresh_run_gives(scenario: Any, model: Page) -> None:
    lab = Lab(scenario, starts=GUESTS if scenario is hall else None)
    document = lab.document(1)
    possible = [action for action, _, _ in futures_of(document, 0)]
    chance, tried = random.Random(11), 0
    while tried < 25:
        first, second = (chance.choice(possible) for _ in range(2))
        if first < 0 or second < 0:
            continue
        whole = lab.ask([first])
        after = chance.randint(1, len(whole["run"]) // 4)
        path = [first, [second, after]]
        try:
            answer = lab.ask(path)
        except ValueError:
            continue  # at that place this process does not run
        answers = [[first, whole], [path[1], answer]]
        shown = model.evaluate("([lab, answers]) => answered(lab, answers)", [document, answers])
        assert differences(lab, path, shown) == []
        assert answer["keep"] >= after
        # Going back to the first run brings back what was cut off.
        state = model.evaluate("([lab, answers]) => back(lab, answers, 1)", [document, answers])
        assert differences(lab, [first], state) == []
        tried += 1


@pytest.mark.parametrize("scenario", [slow, picky, pool, linked, ticking, nursery, shop])
def test_nobody_is_shown_at_work_where_all_is_said_to_be_quiet(scenario: Any, model: Page) -> None:
    document = Lab(scenario).document(2)
    assert model.evaluate("(lab) => atRest(lab)", document) == []


def test_the_three_strategies_are_followed_each_for_itself(model: Page) -> None:
    labs, script = strategy_labs([part(name) for name in "ABCD"], [("B", "raise"), ("C", "kill")])
    for lab in labs:
        shown = model.evaluate("([lab, paths]) => follow(lab, paths)", [lab.document(2), [script]])
        assert differences(lab, script, shown[0]) == []

"""The checks of chapter 20 beyond their attack table: real Elixir plays the modules of the page, and both sides agree.

What a check takes for right is a plain function of Python beside it. Here the Elixir that the exercise shows is played
with the same requests, drawn at random too, and so is the model answer of the notebook.
"""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from attacks_20 import CancelledRadio, DictDeck, by_sets, by_steps, math_lines, with_specs
from elixir_twins import fences, run_elixir
from playing import played
from test_exercises import READ, defined
from winches import SCENARIO, Start, one_start, together

from otp_mini import (
    Agent,
    Below,
    ExitSignal,
    FailingStart,
    GenServer,
    Hang,
    Kill,
    Pid,
    Process,
    Storm,
    Supervisor,
    Via,
    campaign,
    receive,
    self_,
    send,
    spawn,
)
from otp_mini.exercises import NotYet, check, winch, winch_run
from otp_mini.exercises import to_elixir as ex
from otp_mini.exercises.elixir_slips import slips
from otp_mini.exercises.elixir_text import module_of, words_of

NOTEBOOK = READ["20_to_elixir"]
MODEL = defined(NOTEBOOK)
ATOMS = {"ok", "error", "full", "lorry", "car", "open", "closed", "soon", "shut", "waiting", "join", "leave"}


def modules(cell: str) -> str:
    """The modules that an exercise shows, without the lines that use them."""
    [source] = ["".join(each["source"]) for each in NOTEBOOK["cells"] if each["id"] == cell]
    [fence] = [fence for fence in fences(source) if fence.language == "elixir"]
    last = fence.text.rindex("defmodule")
    return fence.text[: fence.text.index("\nend\n", last) + 5]


def term(value: Any) -> str:
    """A value of Python as Elixir writes it; some words are atoms."""
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case str():
            return f":{value}" if value in ATOMS else f'"{value}"'
        case tuple():
            return f"{{{', '.join(map(term, value))}}}"
        case list():
            return f"[{', '.join(map(term, value))}]"
        case dict():
            pairs = [f"{key}: {term(each)}" for key, each in value.items()]
            return f"%{{{', '.join(pairs)}}}"
    return repr(value)


def printed(elixir: str, cell: str, lines: list[str]) -> list[str]:
    """What real Elixir prints when these lines follow the modules of an exercise."""
    show = "show = fn value -> IO.puts(inspect(value, charlists: :as_lists, limit: :infinity)) end\n"
    return run_elixir(elixir, modules(cell) + show + "\n".join(lines) + "\n").splitlines()


def test_other_numbers_are_judged_as_well() -> None:
    steps = (("board", "a", 9, ""), ("left", "b", ""), ("cars", ""))
    asyncio.run(check(ex.deck, DictDeck, steps=steps, places=1, quiet=True))
    plan: Any = {"x": {"gate": "soon", "taken": []}, "y": {"gate": "open", "taken": [0]}}
    cases: Any = [({"sailing": hour, "place": text}, plan) for hour in "xyz" for text in ("0", "-0", "1 ", "?")]
    asyncio.run(check(ex.place, by_steps, *cases, quiet=True))
    asyncio.run(check(ex.lines, math_lines, ([1000, 1], 2002), ([3], 2), quiet=True))
    asyncio.run(check(ex.radio, CancelledRadio, metres=-1, quiet=True))
    asyncio.run(check(ex.suspects, by_sets, (["x"], [(("leave", "x"), "ok"), ("waiting", [])]), quiet=True))
    asyncio.run(check(ex.ferries, with_specs(), hours=(("x", 1), 0), quiet=True))


# ---- drill 1 ----------------------------------------------------------------------------------------------------


def drawn_steps(draw: random.Random) -> tuple[int, list[Any]]:
    steps: list[Any] = []
    for _ in range(25):
        car = f"car {draw.randrange(4)}"
        kinds = [("board", car, draw.randrange(1, 20), ""), ("board", car, None, ""), ("left", car, ""), ("stray", "")]
        steps.append(draw.choice([*kinds, ("cars", "")]))
    return draw.randrange(0, 8), steps


DRAWN = [drawn_steps(random.Random(seed)) for seed in range(12)]


def test_the_deck_of_the_text_answers_in_elixir_as_the_check_says(elixir: str) -> None:
    lines, hoped = list[str](), list[str]()
    for places, steps in [(places, steps) for places, steps in ex.DECKS] + DRAWN:
        lines.append(f"{{:ok, deck}} = Deck.start_link({'' if places is None else places})")
        for step, answer in zip(steps, ex.deck_answers(places, steps), strict=True):
            match step:
                case ("board", who, metres, _):
                    given = "" if metres is None else f", {metres}"
                    lines.append(f'show.(Deck.board(deck, "{who}"{given}))')
                case ("cars", _):
                    lines.append("show.(Deck.cars(deck))")
                case ("left", who, _):
                    lines.append(f'send(deck, {{:left, "{who}"}})')
                case _:
                    lines.append("send(deck, {:stray, 17})")
            hoped += [] if answer is None else [term(answer)]
    assert printed(elixir, "drill-1", lines) == hoped


def test_the_model_deck_answers_as_the_elixir_does() -> None:
    async def play() -> None:
        for places, steps in DRAWN:
            pid = await MODEL["Deck"].start_link(places)
            for step, hoped in zip(steps, ex.deck_answers(places, steps), strict=True):
                match step:
                    case ("board", who, metres, _):
                        rest = () if metres is None else (metres,)
                        assert await MODEL["Deck"].board(pid, who, *rest) == hoped
                    case ("cars", _):
                        assert await MODEL["Deck"].cars(pid) == hoped
                    case ("left", who, _):
                        send(pid, ("left", who))
                    case _:
                        send(pid, ("stray", 17))

    played(play)


# ---- drill 2 ----------------------------------------------------------------------------------------------------

TEXTS = ("12", "12b", "-3", "+3", "3 ", " 3", "", "x", "1_0", "0", "-", "+-1", "3.5", "٣")


def test_a_text_is_read_as_elixir_reads_it(elixir: str) -> None:
    lines = [f'show.(Integer.parse("{text}"))' for text in TEXTS]
    seen = printed(elixir, "drill-2", lines)
    assert seen == [term(ex.integer_parse(text)) for text in TEXTS]
    assert seen == [term(MODEL["parse"](text)) for text in TEXTS]


def test_places_come_out_in_elixir_as_the_check_says_and_as_the_model_does(elixir: str) -> None:
    draw = random.Random(20)
    cases = [*ex.PLACES]
    for _ in range(60):
        plan = {
            f"{hour}:00": {"gate": draw.choice(["open", "open", "shut"]), "taken": draw.sample(range(6), 2)}
            for hour in range(2)
        }
        ticket = {"sailing": f"{draw.randrange(3)}:00", "place": draw.choice([*TEXTS, "1", "2", "4"])}
        cases.append((ticket, plan))
    lines, hoped = list[str](), list[str]()
    for ticket, sailings in cases:
        pairs = [f'"{hour}" => {term(sailing)}' for hour, sailing in sailings.items()]
        lines.append(f"show.(Tickets.place({term(ticket)}, %{{{', '.join(pairs)}}}))")
        hoped.append(term(ex.place_of(ticket, sailings)))
        assert ex.place_of(ticket, sailings) == MODEL["place"](ticket, sailings)
    assert printed(elixir, "drill-2", lines) == hoped


# ---- drill 3 ----------------------------------------------------------------------------------------------------


def test_the_lines_are_those_of_elixir(elixir: str) -> None:
    draw = random.Random(21)
    cases = [*ex.LINES, ([], 1), ([], 2)]
    cases += [([draw.randrange(50) for _ in range(draw.randrange(5))], draw.randrange(-60, 90)) for _ in range(40)]
    seen = printed(elixir, "drill-3", [f"show.(Till.lines({fares}, {off}))" for fares, off in cases])
    assert seen == [term(ex.lines_of(fares, off)) for fares, off in cases]
    assert seen == [term(MODEL["lines"](fares, off)) for fares, off in cases]


# ---- drill 4 ----------------------------------------------------------------------------------------------------


def played_by_elixir(elixir: str, modules: list[str]) -> list[list[str]]:
    """What real Elixir prints of the scenario of the winch, for each module; all of them in one BEAM."""
    return [list(filter(None, printed.splitlines())) for [(printed, _)] in together(elixir, modules).values()]


def judged(text: str, **numbers: Any) -> str:
    """What the check says to a text; nothing if it passes."""
    try:
        asyncio.run(check(ex.winch, lambda: text, quiet=True, **numbers))
    except NotYet as error:
        return " ".join(str(error).split())
    return ""


def without_elixir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("otp_mini.exercises.winch.shutil.which", lambda _: None)


def test_each_way_to_write_the_winch_passes_and_does_in_real_elixir_what_the_check_says(elixir: str) -> None:
    every = list(dict.fromkeys([*winch.modules(), MODEL["winch"]()]))
    assert len(every) > 40
    assert [judged(module) for module in every] == [""] * len(every)
    assert played_by_elixir(elixir, every) == [winch_run.hoped(9)] * len(every)


def test_the_winch_of_python_does_what_the_scenario_of_the_elixir_says() -> None:
    seen: list[object] = []
    ends: set[object] = set()

    async def end_of(pid: Pid) -> Any:
        return (await receive(lambda message: isinstance(message, ExitSignal) and message.pid == pid)).reason

    async def play() -> None:
        Process.flag(trap_exit=True)
        for metres, act in ((0, None), (2, None), (9, "release"), (9, ("jam", "rope"))):
            pid = await MODEL["Winch"].start_link(metres)
            if act == "release":
                seen.append(await GenServer.call(pid, act))
            elif act:
                GenServer.cast(pid, act)
            seen.append(await end_of(pid))
        pid = await MODEL["Winch"].start_link(9)
        send(pid, "stray")
        for pause in (0.0, 0.38, 0.25):
            await Process.sleep(pause)
            seen.append(await GenServer.call(pid, "left"))
        called, cast = await MODEL["Winch"].start_link(9), await MODEL["Winch"].start_link(9)
        spawn(GenServer.call, called, "unknown")
        GenServer.cast(cast, "unknown")
        seen.extend([(await end_of(called))[0], (await end_of(cast))[0]])
        for ask in (GenServer.call, GenServer.cast):
            for what in ("jam", ("left", 1), ("release",), ("jam",), ("jam", 1, 2)):
                pid = await MODEL["Winch"].start_link(9)
                spawn(ask, pid, what)
                ends.add((await end_of(pid))[0])
        pid = await MODEL["Winch"].start_link(9)
        send(pid, "pulled")
        for pause in (0.0, 0.2, 0.1, 0.25):
            await Process.sleep(pause)
            seen.append(await GenServer.call(pid, "left"))
        spawn(Process.exit, pid, "storm")
        seen.append(await end_of(pid))

    played(play)
    assert seen[:5] == ["normal", "normal", ("released", 9), "normal", ("jammed", "rope")]
    assert seen[5:] == [9, 8, 7, "bad_return_value", "bad_return_value", 8, 8, 6, 4, "storm"]
    assert ends == {"bad_return_value"}
    assert MODEL["Winch"].child_spec(9).restart == "transient"


def test_no_word_of_the_winch_can_be_changed_unnoticed(monkeypatch: pytest.MonkeyPatch, elixir: str) -> None:
    """Of many modules with a word changed some pass, by a blank or another name, and those are right in real Elixir."""
    without_elixir(monkeypatch)
    draw = random.Random(20)
    texts = list(winch.modules())
    words = sorted({*re.findall(r"\w+|[^\w\s]+|\s+", "".join(texts)), "1", "-", " ", "\n", "#", "metres", "left"})
    passed = set()
    for _ in range(800):
        parts = re.findall(r"\w+|[^\w\s]+|\s+", draw.choice(texts))
        for _ in range(draw.choice((1, 1, 2))):
            at = draw.randrange(len(parts))
            parts[at] = draw.choice(["", draw.choice(words), draw.choice(parts), parts[at] * 2])
        text = "".join(parts)
        if text not in texts and not judged(text):
            passed.add(text)
    assert 10 < len(passed) < 200
    some = draw.sample(sorted(passed), min(40, len(passed)))
    assert played_by_elixir(elixir, some) == [winch_run.hoped(9)] * len(some)


UNUSUAL = ("metres), do: {:reply, metres, metres}", "metres), do: {:reply, metres, Enum.sum([metres])}")
WRONG = ("metres), do: {:reply, metres, metres}", "metres), do: {:reply, Enum.sum([metres, 1]), metres}")
NO_ELIXIR = ("metres), do: {:reply, metres, metres}", "metres), do: {:reply, what, metres}")


def test_a_way_that_is_not_known_is_never_ok_without_elixir(monkeypatch: pytest.MonkeyPatch) -> None:
    without_elixir(monkeypatch)
    for change in (UNUSUAL, WRONG, NO_ELIXIR):
        said = judged(next(winch.modules()).replace(*change))
        assert "It may be right" in " ".join(said.split())
        assert change[1][:20] in said


def test_where_there_is_elixir_it_runs_the_module_and_decides(elixir: str) -> None:
    assert judged(next(winch.modules()).replace(*UNUSUAL)) == ""
    assert judged(next(winch.modules()).replace(*UNUSUAL), metres=5) == ""
    wrong, broken = (judged(next(winch.modules()).replace(*change)) for change in (WRONG, NO_ELIXIR))
    assert ": {10, 9, 8}" in wrong
    assert ": {9, 8, 7}" in wrong
    assert "CompileError" in broken


USE, WAIT = "use GenServer, restart: :transient", "Process.send_after(self(), :pulled, 250)"
ZERO = "def handle_continue(:pull, 0), do: {:stop, :normal, 0}\n"
LEFT = "def handle_call(:left, _from, metres), do: {:reply, metres, metres}"
RELEASE = "def handle_call(:release, _from, metres), do: {:stop, :normal, {:released, metres}, metres}"
RELEASED = "GenServer.reply(from, {:released, m})"
SPEC = "def child_spec(m), do: %{id: __MODULE__, start: {__MODULE__, :start_link, [m]}, restart: :transient}"
PULLS = f"""def handle_continue(:pull, m), do: pull(m)
defp pull(0), do: {{:stop, :normal, 0}}
defp pull(m) do
  {WAIT}
  {{:noreply, m}}
end
"""
PULLED_BY_ANOTHER = "me = self()\nspawn_link(fn -> Process.sleep({}); send(me, :pulled) end)"
IN_A_MAP = (
    ("init(metres), do: {:ok, metres,", 'init(m), do: {:ok, %{"metres" => m},'),
    ("(:pull, 0), do: {:stop, :normal, 0}", '(:pull, %{"metres" => 0} = map), do: {:stop, :normal, map}'),
    ("{:noreply, metres - 1,", '{:noreply, %{metres | "metres" => metres["metres"] - 1},'),
    ("{:reply, metres, metres}", '{:reply, metres["metres"], metres}'),
    ("{:released, metres}", '{:released, metres["metres"]}'),
)
RIGHT_IN_A_RUN: dict[str, tuple[tuple[str, str], ...]] = {
    "calls a function of its own": ((ZERO, PULLS), ("def handle_continue(:pull, metres) do", "defp unused(metres) do")),
    "has a specification of its own": ((USE, f"use GenServer\n{SPEC}"),),
    "has a type": ((USE, f"{USE}\n@type t :: integer\n@spec start_link(t) :: GenServer.on_start()"),),
    "keeps a map": IN_A_MAP,
    "reckons with a pipe": (("250", ":timer.seconds(1) |> div(4)"),),
    "divides": (("250", "1_000 |> div(4)"),),
    "takes away": (("250", ":timer.seconds(1) - 750"),),
    "has a head without brackets": (
        ("250", "wait()"),
        ("def handle_info(:p", "defp wait, do: 250\ndef handle_info(:p"),
    ),
    "asks in a head": ((ZERO, ZERO.replace("0), do", "m) when m < 1, do").replace("normal, 0", "normal, m")),),
    "has another process wait": ((WAIT, PULLED_BY_ANOTHER.format(250)),),
    "has two words": (
        (":pulled, 250", ":tick, 250"),
        ("def handle_info(:pulled, metres)", "def handle_info(word, metres) when word in [:pulled, :tick]"),
    ),
    "asks the timer": ((WAIT, ":timer.send_after(250, :pulled)"),),
    "writes dots": ((WAIT, f'IO.write(".")\n{WAIT}'),),
    "logs its words": ((WAIT, f'Logger.info("pull")\n{WAIT}'), (USE, f"{USE}\nrequire Logger")),
    "has a long text and prints": ((USE, f'@moduledoc """\nA "winch".\n"""\n{USE}'), (WAIT, f'IO.puts("!")\n{WAIT}')),
}
LOOKS = "def handle_info(:pulled, m), do: {:noreply, m - 1, {:continue, if(m == 1, do: :pull, else: :look)}}"
WRONG_IN_A_RUN: dict[str, tuple[tuple[str, str], ...]] = {
    "two pulls come at a time after a `:pulled` from elsewhere: false": (
        (":pulled, 250", ":tick, 250"),
        ("def handle_info(:pulled, metres)", "def handle_info(:tick, metres)"),
        ("def handle_info(_message,", f"{LOOKS}\ndef handle_info(_message,"),
        (
            "def handle_continue(:pull, metres)",
            "def handle_continue(:look, m), do: {:noreply, m}\ndef handle_continue(:pull, metres)",
        ),
    ),
    "[300]": (("250", "@pause"), (USE, f"{USE}\n@pause 300")),
    "[220]": (("250", "@pause"), (USE, f"{USE}\n@pause 220")),
    "[280]": ((WAIT, PULLED_BY_ANOTHER.format(280)),),
    "from elsewhere: 9": (
        (WAIT, ":erlang.start_timer(250, self(), :pulled)"),
        ("info(:pulled,", "info({:timeout, _, :pulled},"),
    ),
    "[{{:jam, 1, 2}, {:ok, {:jammed, 1}}}]": (
        ("def handle_cast(", "def handle_cast({:jam, what, _}, m), do: {:stop, {:jammed, what}, m}\ndef handle_cast("),
    ),
    "{{:exit, :timeout}, :lives}": (
        (LEFT, "def handle_call(request, from, m) do\ncase request do\n:left -> {:reply, m, m}"),
        (RELEASE, f":release ->\n{RELEASED}\n{{:stop, :normal, m}}\n_ -> {{:noreply, m}}\nend\nend"),
    ),
    "[#PID<…>,": (
        (RELEASE, f"def handle_call(:release, from, m) do\n{RELEASED}\nGenServer.stop(self())\n{{:noreply, m}}\nend"),
    ),
    ":error, :error": (("what}, metres)", "what}, metres) when what == 1 or is_binary(what)"),),
}


def changed(changes: tuple[tuple[str, str], ...]) -> str:
    text = next(winch.modules())
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def in_one_start(elixir: str) -> Start:
    """What Elixir prints for the modules of both tables; it is started once for all of them."""
    return one_start(elixir, map(changed, (*RIGHT_IN_A_RUN.values(), *WRONG_IN_A_RUN.values())))


@pytest.mark.parametrize("way", RIGHT_IN_A_RUN)
def test_a_module_that_real_elixir_finds_right_passes_however_it_is_written(
    in_one_start: Start, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(subprocess, "run", in_one_start)
    assert judged(changed(RIGHT_IN_A_RUN[way])) == ""
    without_elixir(monkeypatch)
    assert "not yet" in judged(changed(RIGHT_IN_A_RUN[way]))
    assert "with a colon before it" not in judged(changed(RIGHT_IN_A_RUN[way]))


@pytest.mark.parametrize("seen", WRONG_IN_A_RUN)
def test_a_module_that_does_something_else_is_told_what_was_seen(
    in_one_start: Start, monkeypatch: pytest.MonkeyPatch, seen: str
) -> None:
    monkeypatch.setattr(subprocess, "run", in_one_start)
    assert seen in judged(changed(WRONG_IN_A_RUN[seen]))


def test_a_start_for_many_prints_what_a_start_for_each_prints(elixir: str, tmp_path: Path) -> None:
    """One is right, one does something else, one does not compile, and one is no Elixir."""
    whole = next(winch.modules())
    texts = [whole, whole.replace(*WRONG), whole.replace(*NO_ELIXIR), whole.replace("do: {:ok,", "do: {:ok")]
    for text, [(printed, said)] in together(elixir, texts).items():
        script = tmp_path / "winch.exs"
        script.write_text(text + SCENARIO, encoding="utf-8")
        command = [elixir, "--erl", "-kernel logger_level none", str(script)]
        alone = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert printed == alone.stdout
        assert said.splitlines()[:1] == [line for line in alone.stderr.splitlines() if line.startswith("**")][:1]


@pytest.mark.parametrize("name", winch.ways())
def test_no_function_of_the_winch_can_be_left_out(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    without_elixir(monkeypatch)
    first = {each: "\n".join(clause[0] for clause in way[0]) for each, way in winch.ways().items() if each != name}
    assert f"no `{name}`" in judged(winch.FRAME.format(use=USE, clauses="\n".join(first.values())))


def test_self_without_brackets_is_told_of_where_no_elixir_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elixir 1.14 warns and puts the brackets there; from 1.15 on it refuses the module."""
    without_elixir(monkeypatch)
    assert "with its brackets" in judged(changed((("self()", "self"),)))


def test_a_clause_of_any_length_is_looked_at_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    many = "".join(f"if metres == {n} do\nx{n} = metres - 1\nend\n" for n in range(2_000))
    words = words_of(f"def f(metres) do\n{many}end")
    assert len(words) > 20_000
    assert next(slips(words))[0] == "an `if` with its `else`"


@pytest.mark.parametrize("script", ["exit 127", "exit 0", "echo 'no BEAM here' >&2; exit 1"])
def test_an_elixir_that_does_not_run_is_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    broken = tmp_path / "elixir"
    broken.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    broken.chmod(0o755)
    unusual = next(winch.modules()).replace(*UNUSUAL)
    monkeypatch.setattr("otp_mini.exercises.winch.shutil.which", lambda _: str(broken))
    told = judged(unusual)
    assert "It may be right" in " ".join(told.split())
    without_elixir(monkeypatch)
    assert told == judged(unusual)


def test_whether_two_clauses_are_the_same() -> None:
    def same(one: str, other: str) -> bool:
        first, second = (module_of(f"defmodule A do\n{text}\nend").clauses[0].same for text in (one, other))
        return first == second

    assert same("def f(a), do: a + 1", "def f(x) do\n x+1 # more\nend")
    assert same("def f(a, _b), do: {a, 1_000}", "def f(a, _), do: { a, 1000 }")
    assert not same("def f(a), do: a + 1_0", "def f(a), do: a + 10_"), "an underscore stands between two digits"
    assert not same("def f(a), do: a - 1", "def f(a), do: a -1"), "the second one calls a function"
    assert not same("def f(a), do: g(a)", "def f(a), do: g (a)")
    assert not same("def f(a, a), do: a", "def f(a, b), do: a"), "a name that stands twice asks for equal values"
    assert not same("def f(a), do: a", 'def f(a), do: "a"')
    assert not same("def f(__MODULE__), do: 1", "def f(_), do: 1")


# ---- repair 1 ---------------------------------------------------------------------------------------------------

RADIO = """
test = self()
{:ok, radio} = Radio.start_link(test)
ask = fn -> spawn_link(fn -> send(test, {:answer, GenServer.call(radio, :depth)}) end) end
number = fn -> receive do {:ask, ^radio, number} -> number end end
answer = fn -> receive do {:answer, metres} -> metres after 200 -> :nothing end end
for n <- [0, 1, nil], do: send(radio, {:depth, n, 99})
for metres <- [7, 0, nil, false, ""] do
  ask.()
  n = number.()
  send(radio, {:depth, {:another, n}, 99})
  show.(answer.())
  show.(GenServer.call(radio, :depth))
  send(radio, {:depth, n, metres})
  show.(answer.())
  send(radio, {:depth, n, 99})
end
ask.()
n = number.()
{time, late} = :timer.tc(fn -> receive do {:answer, metres} -> metres end end)
show.({late, div(time, 100_000)})
send(radio, {:depth, n, 99})
ask.()
new = number.()
send(radio, {:depth, n, 99})
show.(answer.())
send(radio, {:depth, new, 6})
show.(answer.())
show.(GenServer.call(radio, {:note, "fog"}))
{:ok, book} = Agent.start(fn -> 0 end)
Process.register(book, :book)
:sys.suspend(book)
{time, noted} = :timer.tc(fn -> GenServer.call(radio, {:note, "fog"}) end)
show.({noted, div(time, 100_000)})
Process.unregister(:book)
Process.register(spawn(fn -> receive do _ -> exit(:crashed) end end), :book)
show.(GenServer.call(radio, {:note, "fog"}))
"""


def test_a_radio_of_elixir_answers_as_the_check_says(elixir: str) -> None:
    each = [[":nothing", ":busy", value] for value in ("7", "0", ":unknown", ":unknown", '""')]
    hoped = [line for lines in each for line in lines]
    seen = printed(elixir, "repair-1", [RADIO])
    assert seen[: len(hoped)] == hoped
    late, old, new, away, silent, crashed = seen[len(hoped) :]
    assert (old, new, crashed) == (":nothing", "6", ":not_noted")
    assert (late, away) in [(f"{{:late, {n}}}", ":not_noted") for n in (14, 15, 16, 17)]
    assert silent in [f"{{:not_noted, {n}}}" for n in (5, 6, 7)]


def test_the_old_radio_passed_its_test_and_is_refused() -> None:
    async def play() -> None:
        radio = await MODEL["OldRadio"].start_link(self_())
        asked: list[Any] = []

        async def user() -> None:
            asked.append(await GenServer.call(radio, "depth"))

        spawn(user)
        match await receive():
            case ("ask", pid, number):
                send(pid, ("depth", number, 7))
        await Process.sleep(0.1)
        assert asked == [7]

    played(play)
    with pytest.raises(AssertionError):
        asyncio.run(check(ex.radio, MODEL["OldRadio"], quiet=True))


# ---- repair 2 ---------------------------------------------------------------------------------------------------


def drawn_log(draw: random.Random, letter: str) -> tuple[list[Any], list[Any]]:
    queue = [f"car {draw.randrange(3)}" for _ in range(draw.randrange(5))]
    log, state = [], [*queue]
    for _ in range(draw.randrange(1, 7)):
        car = f"car {draw.randrange(3)}"
        answer: Any
        match draw.choice(["join", "leave", "waiting"]):
            case "join":
                answer, state = ex._join(state, car, letter)
                log.append((("join", car), answer))
            case "leave":
                answer, state = ex._leave(state, car, letter)
                log.append((("leave", car), answer))
            case _:
                log.append(("waiting", state))
    return queue, log


def test_four_modules_of_elixir_write_the_logs_of_the_check(elixir: str) -> None:
    draw = random.Random(22)
    logs = [*ex.LOGS, *(drawn_log(draw, draw.choice("ABCD")) for _ in range(60))]
    lines = []
    for queue, log in logs:
        requests, answers = [request for request, _ in log], [answer for _, answer in log]
        lines.append(
            f"show.(for {{module, letter}} <- [{{A, 1}}, {{B, 2}}, {{C, 3}}, {{D, 4}}],"
            f" {{answers, _}} = Enum.map_reduce({term(requests)}, {term(queue)}, &module.handle/2),"
            f" answers == {term(answers)}, do: letter)"
        )
    seen = [["ABCD"[int(n) - 1] for n in re.findall(r"\d", line)] for line in printed(elixir, "repair-2", lines)]
    assert seen == [ex.suspects_of(queue, log) for queue, log in logs]
    assert seen == [MODEL["suspects"](queue, log) for queue, log in logs]


# ---- design -----------------------------------------------------------------------------------------------------

FERRIES = """
Process.flag(:trap_exit, true)
names = [Ledger, Quay, Sailings, Fleet]
grown = fn -> {:ok, top} = Ferries.start_link(nil); top end
ended = fn pid ->
  ref = Process.monitor(pid)
  Process.exit(pid, :kill)
  receive do {:DOWN, ^ref, _, _, _} -> :ok end
  Process.sleep(40)
end

top = grown.()
show.(for who <- ["ann", "bo", "ann", "cy", "di", "cy"], do: Tuple.to_list({Ferries.book(7, who)}))
ended.(GenServer.whereis(Sailing.via(7)))
show.(is_pid(GenServer.whereis(Sailing.via(7))))
show.(Ferries.book(7, "bo"))
show.(Ferries.leave(7))
Process.sleep(40)
show.(Ferries.leave(7))
show.(is_pid(GenServer.whereis(Sailing.via(7))))
show.(Ferries.book(7, "ann"))
:sys.suspend(GenServer.whereis(Sailing.via(7)))
{time, :late} = :timer.tc(fn -> try do Ferries.book(7, "bo") catch :exit, _ -> :late end end)
show.(div(time, 200_000))
:sys.resume(GenServer.whereis(Sailing.via(7)))
Ferries.book(8, "ann")
:sys.suspend(Ledger)
show.(Ferries.book(8, "ann"))
show.(try do Ferries.book(8, "ed") catch :exit, _ -> :late end)
:sys.resume(Ledger)
Process.sleep(40)
show.(Ledger.sold(8))
Supervisor.stop(top)

for name <- Enum.reverse(names) do
  top = grown.()
  before = for each <- names, do: {each, Process.whereis(each)}
  ended.(Process.whereis(name))
  show.(for {each, pid} <- before, Process.whereis(each) != pid, do: each)
  Supervisor.stop(top)
end

top = grown.()
count = fn count, n ->
  try do
    Ferries.book(7, "ann")
  catch
    :exit, _ -> :away
  end
  case GenServer.whereis(Sailing.via(7)) do
    nil -> :ok
    pid ->
      ref = Process.monitor(pid)
      Process.exit(pid, :kill)
      receive do {:DOWN, ^ref, _, _, _} -> :ok end
      Process.sleep(10)
  end
  if Process.alive?(top), do: count.(count, n + 1), else: n
end
show.(count.(count, 1))
"""


def test_the_ferries_of_elixir_do_what_the_check_demands(elixir: str) -> None:
    seen = printed(elixir, "design", [FERRIES])
    places = "[[ok: 1], [ok: 2], [ok: 1], [ok: 3], [:full], [ok: 3]]"
    assert seen[:8] == [places, "true", "{:ok, 2}", ":ok", ":ok", "false", "{:ok, 1}", "10"]
    assert seen[8:11] == ["{:ok, 1}", ":late", '["ann", "ed"]']
    words = {"fleet": "Fleet", "sailings": "Sailings", "quay": "Quay", "ledger": "Ledger"}
    order = ["ledger", "quay", "sailings", "fleet"]
    for name, line in zip(reversed(order), seen[11:15], strict=True):
        assert line == f"[{', '.join(words[each] for each in order if each in ex.WANTED[name])}]"
    assert seen[15] == str(ex.KILLS)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_model_line_keeps_its_bookings_through_faults_unlike_those_of_the_check(seed: int) -> None:
    asked = [0]

    async def start() -> Any:
        root = await MODEL["Ferries"].start_link(None)
        for hour in range(4):
            await MODEL["Ferries"].book(hour, "ann")
        return root

    async def book() -> bool:
        asked[0] += 1
        return bool((await MODEL["Ferries"].book(asked[0] % 4, "ann")) == ("ok", 1))

    async def sold() -> int:
        return int(await Agent.get("ledger", lambda every: sum(map(len, every.values()))))

    faults = [
        Kill(Below("fleet"), every=60.0),
        Storm(Kill(Via("sailings", 2)), times=3, within=0.5, every=200.0),
        FailingStart("fleet", every=500.0, times=2),
        Hang(Via("sailings", 1), every=400.0, for_=1.5),
        Kill("quay", every=700.0),
    ]
    found = campaign(start, faults, book, seed, hours=0.5, every=5.0, patience=4.0, state=sold)
    assert (found.availability, found.lost, found.went_down) == (1.0, 0.0, 0)


def test_two_who_book_the_last_place_at_once_do_not_share_it() -> None:
    async def play() -> None:
        await MODEL["Ferries"].start_link(None)
        answers: list[Any] = []

        async def user(who: str) -> None:
            answers.append(await MODEL["Ferries"].book("noon", who))

        for n in range(8):
            spawn(user, f"user {n}")
        await Process.sleep(1.0)
        assert sorted(map(str, answers)) == ["('ok', 1)", "('ok', 2)", "('ok', 3)", *["full"] * 5]
        assert len(await Agent.get("ledger", lambda every: every["noon"])) == 3

    played(play)


def test_a_booking_that_was_written_before_a_crash_is_found_again() -> None:
    async def play() -> None:
        top = await MODEL["Ferries"].start_link(None)
        for n in range(12):
            hour = f"hour {n}"
            booking = spawn(MODEL["Ferries"].book, hour, "ann")
            for _ in range(n):
                await Process.sleep(0.0)
            pid = GenServer.whereis(Via("sailings", hour))
            if isinstance(pid, Pid):
                Process.exit(pid, "kill")
            await Process.sleep(0.1)
            Process.exit(booking, "kill")
            assert await MODEL["Ferries"].book(hour, "ann") == ("ok", 1)
            assert await Agent.get("ledger", lambda every, hour=hour: every[hour]) == ["ann"]
            await Process.sleep(20.0)
        await Supervisor.stop(top)

    played(play)

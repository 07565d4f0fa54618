"""Many winches that a student could write, played in one start of Elixir, for the tests of `exercises.winch`.

A start costs more than the rest of a judgement. So the texts are compiled one after the other in one BEAM, and then all
of them are played at once. What each of them has printed is handed to the check in the place of a start of its own
(`subprocess.run`); nothing of the check is replaced, which would see to it that nothing is.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

from otp_mini.exercises import NotYet, check, winch_run
from otp_mini.exercises import to_elixir as ex

Printed = tuple[str, str]  # on standard output, and on standard error
Start = Callable[..., subprocess.CompletedProcess[str]]
SCENARIO: Final = winch_run.program("", metres=9)

TOGETHER: Final = """
play = fn winch ->
SCENARIO
end

banner = fn kind, reason, stack -> Exception.format_banner(kind, reason, stack) end

# As a start of Elixir does: the whole program is read, then the module is compiled, then the scenario is played.
compiled = for number <- 0..(TEXTS - 1) do
  fn ->
    try do
      Code.string_to_quoted!(File.read!("#{number}.exs"), file: "winch.exs")
      Code.compile_string(File.read!("#{number}.module"), "winch.exs")
      ""
    catch
      kind, reason -> banner.(kind, reason, __STACKTRACE__)
    end
  end
  |> Task.async()
  |> Task.await(30_000)
end

played = for {said, number} <- Enum.with_index(compiled), _ <- 1..TIMES do
  Task.async(fn ->
    {:ok, printed} = StringIO.open("")
    Process.group_leader(self(), printed)
    said = try do
      if said == "", do: play.(Module.concat(["Winch#{number}"]))
      said
    catch
      kind, reason -> banner.(kind, reason, __STACKTRACE__)
    end
    {number, elem(StringIO.contents(printed), 1), said}
  end)
end

for {number, printed, said} <- Task.await_many(played, 60_000) do
  IO.puts("PLAYED #{number} #{Base.encode64(printed)} #{Base.encode64(said)}.")
end
"""


def together(elixir: str, texts: Iterable[str], times: int = 1) -> dict[str, list[Printed]]:
    """What each of the texts prints when real Elixir plays it, so many times over."""
    each = list(dict.fromkeys(texts))
    if not each:
        return {}
    program = TOGETHER.replace("TEXTS", str(len(each))).replace("TIMES", str(times))
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(each):
            Path(folder, f"{number}.module").write_text(_numbered(text, number), encoding="utf-8")
            Path(folder, f"{number}.exs").write_text(_numbered(text, number) + SCENARIO, encoding="utf-8")
        script = Path(folder, "together.exs")
        script.write_text(program.replace("SCENARIO", SCENARIO.replace("Winch", "winch")), encoding="utf-8")
        command = [elixir, "--erl", "-kernel logger_level none", str(script)]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[Printed]] = {text: [] for text in each}
    for number, *told in re.findall(r"^PLAYED (\d+) (\S*) (\S*)\.$", ran.stdout, re.MULTILINE):
        printed, said = (re.sub(r"\bWinch\d+\b", "Winch", b64decode(text).decode()) for text in told)
        found[each[int(number)]].append((printed, said))
    assert [text for text, played in found.items() if len(played) != times] == []
    return found


def _numbered(text: str, number: int) -> str:
    """The text with a name of its own for its module."""
    return re.sub(r"\bWinch\b", f"Winch{number}", text)


def asked_of_elixir(answers: Iterable[Any]) -> list[str]:
    """The texts that the check has Elixir run; what it judges by itself is not among them."""
    asked: list[str] = []

    def noted(command: list[str], **_: Any) -> NoReturn:
        asked.append(_text_of(command))
        raise OSError("it is not started")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "run", noted)
        for answer in answers:
            with suppress(NotYet):
                asyncio.run(check(ex.winch, answer, quiet=True))
    return asked


def one_start(elixir: str, texts: Iterable[str], times: int = 1) -> Start:
    """What stands in the place of `subprocess.run` for these texts: at each call the next of what was printed."""
    printed = {text: cycle(each) for text, each in together(elixir, texts, times=times).items()}

    def started(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, *next(printed[_text_of(command)]))

    return started


def _text_of(command: list[str]) -> str:
    """The text in the script of a start."""
    program = Path(command[-1]).read_text(encoding="utf-8")
    assert program.endswith(SCENARIO)
    return program.removesuffix(SCENARIO)

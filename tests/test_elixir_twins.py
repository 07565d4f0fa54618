"""The Elixir in the book and the notebooks runs, and prints what the pages say."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import elixir_twins
import pytest
from elixir_twins import (
    Twin,
    TwinError,
    pages,
    read_record,
    run_elixir,
    run_python,
    run_together,
    same,
    twins_in,
    twins_of,
)


def collected(language: str, folders: list[Path]) -> list[Twin]:
    """The twins of all pages that keep the convention; for the others a test of their own fails."""
    found = []
    for page in folders:
        try:
            found += twins_of(page, language)
        except TwinError:
            continue
    return found


def place(twin: Twin) -> str:
    return twin.where.replace("/", ".")


BOOK = [page for page in pages() if page.suffix == ".md"]
ELIXIR = collected("elixir", pages())
PYTHON = collected("python", BOOK)  # a notebook's Python stands in its code cells


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_every_block_of_a_page_says_what_it_prints(page: Path) -> None:
    languages = ["elixir"] if page.suffix == ".ipynb" else ["elixir", "python"]
    for language in languages:
        assert all(twin.printed.strip() for twin in twins_of(page, language))


def test_the_page_on_elixir_has_a_python_block_for_each_elixir_block() -> None:
    page = elixir_twins.ROOT / "book" / "elixir_in_ten_minutes.md"
    assert len(twins_of(page)) == len(twins_of(page, "python")) >= 10


@pytest.mark.parametrize("twin", ELIXIR, ids=place)
def test_the_page_says_what_elixir_is_on_record_to_print(twin: Twin) -> None:
    printed = read_record().get(twin.key)
    assert printed is not None, (
        f"{twin.where}: nothing is on record for this block. Where Elixir is installed, "
        "run `python tests/elixir_twins.py --record`."
    )
    assert same(printed, twin.printed), f"{twin.where}: Elixir printed\n{printed}\nthe page says\n{twin.printed}"


def test_the_record_holds_nothing_else() -> None:
    gone = set(read_record()) - {twin.key for twin in ELIXIR}
    assert not gone, "blocks that are on no page any more: run `python tests/elixir_twins.py --record`"


@pytest.fixture(scope="module")
def together(elixir: str) -> Callable[[Path], dict[str, str]]:
    """What the blocks of a page print, run in one BEAM."""
    return cache(lambda page: run_together(elixir, [twin.code for twin in ELIXIR if twin.page == page]))


@pytest.mark.parametrize("twin", ELIXIR, ids=place)
def test_real_elixir_prints_what_the_page_says(
    elixir: str, together: Callable[[Path], dict[str, str]], twin: Twin
) -> None:
    printed = together(twin.page).get(twin.code)
    if printed is None or not same(printed, twin.printed):  # alone it may be another matter, and that decides
        printed = run_elixir(elixir, twin.code)
    assert same(printed, twin.printed), f"{twin.where}: Elixir printed\n{printed}\nthe page says\n{twin.printed}"


@pytest.mark.parametrize("twin", PYTHON, ids=place)
def test_this_python_prints_what_the_page_says(twin: Twin) -> None:
    printed = run_python(twin.code)
    assert same(printed, twin.printed), f"{twin.where}: Python printed\n{printed}\nthe page says\n{twin.printed}"


@pytest.mark.parametrize("twin", [twin for twin in PYTHON if "hypothesis" in twin.code], ids=place)
def test_a_page_says_the_same_where_tests_run_for_a_team(monkeypatch: pytest.MonkeyPatch, twin: Twin) -> None:
    """Hypothesis, alone of what the pages use, prints more where the variable CI is set."""
    for value in ("true", None):
        monkeypatch.delenv("CI", raising=False)
        if value:
            monkeypatch.setenv("CI", value)
        assert same(run_python(twin.code), twin.printed), f"{twin.where}: another output with CI={value}"


# ---- the machinery itself --------------------------------------------------------------------------------

PAGE = Path("page.md")
TWIN = "```elixir\nIO.puts(1)\n```\n\n```text\n1\n```\n"


def found(markdown: str) -> list[tuple[str, str]]:
    return [(twin.code, twin.printed) for twin in twins_in(markdown, PAGE)]


@pytest.mark.parametrize(
    "markdown",
    [
        TWIN,
        f"# Title\n\n{TWIN}\nMore.\n",
        f'<details class="elixir">\n<summary>The same in Elixir</summary>\n\n{TWIN}\n</details>\n',
        f":::{{twins}}\n```python\nprint(1)\n```\n```text\n1\n```\n{TWIN}:::\n",
        f"````{{note}}\n{TWIN}````\n",
        "~~~elixir\nIO.puts(1)\n~~~\n~~~text\n1\n~~~\n",
        "```{code-block} elixir\n:linenos:\nIO.puts(1)\n```\n\n```{code-block} text\n1\n```\n",
        "- a list:\n\n  ```elixir\n  IO.puts(1)\n  ```\n\n  ```text\n  1\n  ```\n",
    ],
    ids=["plain", "between text", "fold", "twins", "in a directive", "tildes", "code-block", "in a list"],
)
def test_a_twin_is_found_in_every_form(markdown: str) -> None:
    assert found(markdown) == [("IO.puts(1)\n", "1\n")]


@pytest.mark.parametrize(
    "markdown",
    [
        "```elixir\nIO.puts(1)\n```\n",
        "```elixir\nIO.puts(1)\n```\n\nIt prints:\n\n```text\n1\n```\n",
        "```elixir\nIO.puts(1)\n```\n\n```elixir\nIO.puts(2)\n```\n\n```text\n2\n```\n",
    ],
    ids=["alone", "text between", "two in a row"],
)
def test_a_block_without_its_output_is_refused(markdown: str) -> None:
    with pytest.raises(TwinError, match="must be followed by a fence of text"):
        found(markdown)


def test_a_block_that_no_test_would_see_is_refused() -> None:
    with pytest.raises(TwinError, match="where no test sees it"):
        found(f"````md\n{TWIN}````\n")


def test_other_languages_are_left_alone() -> None:
    assert found("```python\nprint(1)\n```\n\n```text\n1\n```\n") == []


def test_only_space_at_the_ends_may_differ() -> None:
    assert same("1 \n2\n\n", "1\n2")
    assert not same("1\n\n2", "1\n2")
    assert not same(" 1", "1")


def test_the_key_follows_the_text_of_the_block() -> None:
    [one], [other] = list(twins_in(TWIN, PAGE)), list(twins_in(TWIN.replace("puts(1)", "puts(2)"), PAGE))
    assert one.key != other.key
    assert one.key == next(twins_in(f"Text.\n\n{TWIN}", Path("other.md"))).key


def test_python_that_fails_is_an_error_and_not_an_output() -> None:
    with pytest.raises(TwinError, match="ZeroDivisionError"):
        run_python("1 / 0")


def test_elixir_that_warns_or_fails_is_an_error_and_not_an_output(elixir: str) -> None:
    with pytest.raises(TwinError, match="unused"):
        run_elixir(elixir, "x = 1\nIO.puts(2)\n")
    with pytest.raises(TwinError, match="exit status 1"):
        run_elixir(elixir, 'raise "no"\n')


LEAVES = """
defmodule Left do
  use GenServer
  def init(state), do: {:ok, state}
end
defimpl String.Chars, for: Tuple do
  def to_string(_), do: "left"
end
:ets.new(:left, [:named_table, :public])
{:ok, _} = GenServer.start(Left, [], name: Left)
spawn(fn -> Process.register(self(), :left) && Process.sleep(:infinity) end)
send(self(), :left)
Process.put(:left, 1)
Process.flag(:trap_exit, true)
IO.puts("ran")
"""
LOOKS = """
IO.inspect({Process.whereis(Left), Process.whereis(:left), :ets.whereis(:left), Process.get(:left)})
IO.inspect(Process.info(self(), :trap_exit))
IO.inspect({Code.ensure_loaded?(Left), Code.ensure_loaded?(String.Chars.Tuple), String.Chars.impl_for({1})})
receive do
  message -> IO.inspect(message)
after
  0 -> IO.puts("nothing")
end
"""


def test_blocks_in_one_beam_leave_nothing_to_each_other(elixir: str) -> None:
    printed = run_together(elixir, [LEAVES, LOOKS, LOOKS + "\n", LEAVES + "\n"])
    assert printed[LEAVES] == printed[LEAVES + "\n"] == "ran\n"
    assert printed[LOOKS] == printed[LOOKS + "\n"] == run_elixir(elixir, LOOKS)


@pytest.mark.parametrize(
    "faulty", ["x = 1\nIO.puts(2)\n", 'raise "no"', "exit(:no)", "spawn_link(fn -> exit(:no) end)\nProcess.sleep(9)"]
)
def test_a_block_that_warns_or_fails_in_company_is_told_apart_and_the_others_go_on(elixir: str, faulty: str) -> None:
    assert run_together(elixir, [faulty, "IO.puts(3)"]) == {"IO.puts(3)": "3\n"}


def test_what_ends_the_beam_leaves_the_other_blocks_to_be_run_alone(elixir: str) -> None:
    assert run_together(elixir, ["IO.puts(1)", "System.halt(0)", "IO.puts(2)"]) == {"IO.puts(1)": "1\n"}


def test_write_puts_the_answer_into_a_page_and_into_a_notebook(
    elixir: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").mkdir()
    page, notebook = tmp_path / "book" / "page.md", tmp_path / "notebooks" / "01.ipynb"
    wrong = "Before.\n\n```elixir\nIO.puts(1)\nIO.puts(2)\n```\n\n```text\nwrong\n```\n\nAfter.\n" + TWIN
    page.write_text(wrong, encoding="utf-8")
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": wrong.splitlines(keepends=True)}
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}), encoding="utf-8")
    monkeypatch.setattr(elixir_twins, "ROOT", tmp_path)
    monkeypatch.setattr(elixir_twins, "RECORD", tmp_path / "record.json")

    assert elixir_twins.record(elixir, write=False) == 1, "what differs must show in the exit status"
    assert elixir_twins.record(elixir, write=True) == 0

    right = wrong.replace("wrong", "1\n2")
    assert page.read_text(encoding="utf-8") == right
    assert "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"]) == right
    assert sorted(read_record().values()) == ["1", "1\n2"]

"""The reference shows what a docstring says, and a name that does not exist is found out."""

from __future__ import annotations

from pathlib import Path

import scratch_book
from book_ext import api_reference
from scratch_book import ScratchBook


def fields(*lines: str, what: str = "function") -> list[str]:
    text = list(lines)
    api_reference.fields(None, what, "name", None, None, text)
    return text


def test_otp_and_differs_become_fields() -> None:
    assert fields("Say hello.", "", "OTP: ``hello/1``", "Differs: louder.") == [
        "Say hello.", "", ":OTP: ``hello/1``", ":Differs: louder.",
    ]  # fmt: skip


def test_a_field_may_have_further_lines_and_ends_at_an_empty_one() -> None:
    assert fields("Differs: it is", "much louder.", "", "Example:", "    >>> 1") == [
        ":Differs: it is", "    much louder.", "", "Example:", "    >>> 1",
    ]  # fmt: skip


def test_a_field_may_begin_on_the_next_line() -> None:
    assert fields("Differs:", "    one;", "    two.", "") == [":Differs:", "        one;", "        two.", ""]


def test_a_field_straight_after_text_is_set_apart() -> None:
    assert fields("Say hello.", "OTP: none") == ["Say hello.", "", ":OTP: none"]


def test_the_first_line_of_a_constant_is_no_type() -> None:
    assert fields("What it may be: a, b or c.", what="data")[:3] == ["..", "", "What it may be: a, b or c."]


def test_the_reading_order_is_the_docstrings_and_tells_what_it_forgot(tmp_path: Path) -> None:
    for name in ("__init__", "errors", "node", "terms", "zebra"):
        (tmp_path / f"{name}.py").touch()
    docstring = '"""Read ``terms``, ``node`` (not ``nothing``), ``errors``."""\n'
    (tmp_path / "__init__.py").write_text(docstring, encoding="utf-8")
    assert api_reference.reading_order(tmp_path / "__init__.py") == (["terms", "node", "errors"], ["zebra"])


def test_packages_inside_the_package_are_told_with_their_modules(tmp_path: Path) -> None:
    for name in ("__init__", "viz/__init__", "viz/tree", "viz/chart", "viz/_private"):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert api_reference.subpackages(tmp_path / "__init__.py") == {"viz": ["chart", "tree"]}


THERE = [
    "Exit", "GenServer.call", "otp_mini.node.Node.step", "collections.abc.Callable", "asyncio.timeout", "ValueError",
]  # fmt: skip
GONE = ["Exut", "GenServer.shout", "os.pfad", "colections.abc.Callable"]


def referring(names: list[str]) -> str:
    said = "\n\n".join(f"See :py:obj:`{name}`." for name in names)
    return f"# Page\n\n```{{eval-rst}}\n{said}\n```\n"


scratch_book.good({"references_there.md": referring(THERE)})
scratch_book.faulty({"references_gone.md": referring(GONE)})


def test_a_reference_is_checked_against_what_exists(good_book: ScratchBook, faulty_book: ScratchBook) -> None:
    assert good_book.about("references_there.md") == []
    said = faulty_book.about("references_gone.md")
    assert [name for name in GONE if not any(warning.endswith(f": {name}") for warning in said)] == []

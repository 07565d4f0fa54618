"""Python and Elixir stand side by side on a page, and in two tabs in a chapter."""

from __future__ import annotations

import nbformat
import scratch_book
from scratch_book import ScratchBook, notebook

SIDES = """:::{twins}
```python
print("ok")
```
```text
ok
```
```elixir
IO.inspect(:ok)
```
```text
:ok
```
:::
"""
FOLD = """<details class="elixir">
<summary>The same in Elixir</summary>

```elixir
IO.puts("beside")
```

```text
beside
```

</details>"""


def chapter(fold: str = FOLD) -> str:
    def code(source: str, *tags: str) -> nbformat.NotebookNode:
        printed = nbformat.v4.new_output("stream", name="stdout", text=f"out of {source}\n")
        return nbformat.v4.new_code_cell(source, outputs=[printed], execution_count=1, metadata={"tags": list(tags)})

    def text(source: str) -> nbformat.NotebookNode:
        return nbformat.v4.new_markdown_cell(source)

    drawn = code("five = 5", "twin")
    picture = {"text/html": '<div class="sequence-chart"><svg></svg></div>', "text/plain": "the picture"}
    drawn.outputs.append(nbformat.v4.new_output("display_data", data=picture))
    cells = [
        text("# Chapter"), code("before = 0"), code("one = 1", "twin"), code("two = 2", "twin"), text(fold),
        text("Between."), code("three = 3"), text(FOLD.replace("beside", "alone")),
        text("More."), code("four = 4", "twin"), text(FOLD.replace("beside", "again")),
        text("A picture."), drawn, text(FOLD.replace("beside", "drawn")),
    ]  # fmt: skip
    return notebook(*cells)


scratch_book.good({"twins_page.md": f"# Page\n\n{SIDES}", "twins_chapter.ipynb": chapter()})


def test_the_book_builds_without_a_warning(good_book: ScratchBook) -> None:
    assert good_book.warnings == []
    assert good_book.status == 0


def test_a_page_has_a_column_for_each_language(good_book: ScratchBook) -> None:
    [twins] = good_book.page("twins_page").select(".twins")
    python, elixir = twins.select(".twin")
    assert python.get_text(" ", strip=True).split() == ["Python", "print", "(", '"ok"', ")", "prints", "ok"]
    words = ["Elixir", "IO", ".", "inspect", "(", ":ok", ")", "prints", ":ok"]
    assert elixir.get_text(" ", strip=True).split() == words


def test_a_chapter_has_tabs_with_the_tagged_cells_and_the_elixir(good_book: ScratchBook) -> None:
    first, second, _ = good_book.page("twins_chapter").select(".sd-tab-set")
    assert [label.get_text().strip() for label in first.find_all("label")] == ["Python", "Elixir"]
    python, elixir = first.select(".sd-tab-content")
    assert [word in python.get_text() for word in ("before", "one", "out of one", "two", "out of two", "three")] == [
        False, True, True, True, True, False,
    ]  # fmt: skip
    assert "IO.puts" in elixir.get_text()
    assert elixir.select_one(".twin-prints + .twin-output").get_text().strip() == "beside"
    assert "four" in second.select(".sd-tab-content")[0].get_text()
    assert "again" in second.select(".sd-tab-content")[1].get_text()


def test_where_python_has_drawn_a_picture_the_elixir_tab_says_where_it_is(good_book: ScratchBook) -> None:
    said = "The picture of this run is in the Python tab."
    tabs = good_book.page("twins_chapter").select(".twin-tabs")
    assert [bool(tab.select("svg")) for tab in tabs] == [False, False, True]
    assert [tab.select(".sd-tab-content")[1].get_text().count(said) for tab in tabs] == [0, 0, 1]
    assert [tab.select(".sd-tab-content")[0].get_text().count(said) for tab in tabs] == [0, 0, 0]


def test_every_pair_of_tabs_follows_the_last_choice(good_book: ScratchBook) -> None:
    labels = good_book.page("twins_chapter").select(".sd-tab-set > label")
    assert {(label["data-sync-group"], label["data-sync-id"]) for label in labels} == {
        ("language", "python"), ("language", "elixir"),
    }  # fmt: skip


def test_a_fold_without_tagged_cells_before_it_stays_a_fold(good_book: ScratchBook) -> None:
    [fold] = good_book.page("twins_chapter").select("details.elixir")
    assert "alone" in fold.get_text()
    assert fold.select_one(".twin-prints + .twin-output").get_text().strip() == "alone", "output cannot pass for code"


def test_cells_without_the_tag_stay_where_they_are(good_book: ScratchBook) -> None:
    cells = good_book.page("twins_chapter").select("div.cell")
    outside = [cell for cell in cells if not cell.find_parent(class_="sd-tab-set")]
    assert [cell.select_one(".cell_input").get_text().strip() for cell in outside] == ["before = 0", "three = 3"]


scratch_book.faulty(
    {
        "twins_text.md": "# Page\n\n:::{twins}\nOnly text.\n:::\n",
        "twins_python.md": "# Page\n\n:::{twins}\n```python\n1\n```\n:::\n",
        "twins_open.ipynb": chapter(FOLD.removesuffix("</details>")),
    }
)


def test_a_twin_that_breaks_the_convention_fails_the_build(faulty_book: ScratchBook) -> None:
    assert faulty_book.status != 0
    for page, said in [
        ("twins_text.md", "twins holds fences only"),
        ("twins_python.md", "twins holds fences only"),
        ("twins_open.ipynb", "no </details>"),
    ]:
        assert any(said in warning for warning in faulty_book.about(page)), page

"""The outputs of a cell tagged `predict` are folded on the page; a prediction is kept and shown beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from browser import browsing, serving
from playwright.sync_api import Page
from scratch_book import ScratchBook, build, notebook

TWIN = """<details class="elixir">
<summary>The same in Elixir</summary>

```elixir
IO.puts("Elixir's answer")
```

```text
Elixir's answer
```

</details>"""


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    printed = nbformat.v4.new_output("stream", name="stdout", text=f"out of {source}\n")
    return nbformat.v4.new_code_cell(source, outputs=[printed], execution_count=1, metadata={"tags": list(tags)})


def chapter() -> str:
    text = nbformat.v4.new_markdown_cell
    return notebook(
        text("# Chapter"),
        code("plain = 0"),
        text("**Predict.** Which pids change?\n\n- none\n- one, the `cache`\n- both"),
        code("one = 1", "predict"),
        text("**Predict.** What is printed?"),
        code("two = 2", "predict", "twin"),
        text(TWIN),
        text("No question here."),
        code("one = 1", "predict"),
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> ScratchBook:
    return build(tmp_path_factory.mktemp("predictions"), {"chapter.ipynb": chapter()})


def test_each_output_of_a_predict_cell_is_in_a_fold_of_its_own(book: ScratchBook) -> None:
    assert book.warnings == []
    folds = book.page("chapter").select("details.predict")
    assert [fold.select_one("summary").get_text() for fold in folds] == ["Show what happened"] * 3
    assert [fold.select_one("pre").get_text().strip() for fold in folds] == [
        "out of one = 1", "out of two = 2", "out of one = 1"
    ]  # fmt: skip
    assert not any(fold.has_attr("open") for fold in folds)
    assert len({fold["data-cell"] for fold in folds}) == 3, "each prediction has a place of its own"


def test_other_outputs_stay_as_they_are(book: ScratchBook) -> None:
    [plain] = [pre for pre in book.page("chapter").select("pre") if pre.get_text().strip() == "out of plain = 0"]
    assert plain.find_parent("details") is None


def test_what_the_twin_prints_is_folded_too(book: ScratchBook) -> None:
    page = book.page("chapter")
    [fold] = page.select("details.predict-twin")
    assert "Elixir's answer" in fold.get_text()
    code_block = page.select_one(".highlight-elixir")
    assert code_block is not None
    assert code_block.find_parent("details") is None


# ---- in a browser --------------------------------------------------------------------------------------------


@pytest.fixture
def page(book: ScratchBook, chromium: str, tmp_path: Path) -> Iterator[Page]:
    with serving(book.site) as server, browsing(chromium, tmp_path / "profile") as browser:
        browser.page.goto(f"{server.address}/chapter.html")
        yield browser.page
        assert browser.errors == []


def test_a_list_behind_the_question_is_a_choice_and_the_choice_is_kept_and_compared(page: Page) -> None:
    choices = page.get_by_role("radio")
    assert page.locator("fieldset.prediction label").all_inner_texts() == ["none", "one, the cache", "both"]
    assert page.locator("article li:visible", has_text="both").count() == 0, "the list is the choice now"
    choices.nth(1).check()
    page.reload()
    assert choices.nth(1).is_checked()
    fold = page.locator("details.predict").first
    assert not fold.locator("pre").is_visible()
    fold.locator("summary").press("Enter")
    assert fold.locator("pre").is_visible()
    assert fold.locator(".prediction-said").inner_text() == "You predicted: one, the cache"


def test_where_there_is_no_list_a_line_is_written(page: Page) -> None:
    line = page.get_by_role("textbox", name="Your prediction").first
    line.fill("<b>two</b>")
    page.reload()
    assert line.input_value() == "<b>two</b>"
    fold = page.locator("details.predict").nth(1)
    fold.locator("summary").click()
    assert fold.locator(".prediction-said").inner_text() == "You predicted: <b>two</b>"
    line.fill("")
    page.reload()
    assert line.input_value() == ""


def test_whoever_reads_elixir_predicts_in_its_tab_and_it_is_the_same_prediction(page: Page) -> None:
    page.locator("label.sd-tab-label", has_text="Elixir").click()
    line = page.locator(".twin-tabs").get_by_role("textbox", name="Your prediction").locator("visible=true")
    assert line.count() == 1
    line.fill("two")
    fold = page.locator("details.predict-twin")
    assert not fold.get_by_text("You predicted").is_visible()
    fold.locator("summary").click()
    assert fold.locator(".prediction-said").inner_text() == "You predicted: two"
    page.locator("label.sd-tab-label", has_text="Python").click()
    assert line.input_value() == "two"


def test_the_same_cell_further_down_has_a_prediction_of_its_own(page: Page) -> None:
    page.get_by_role("radio").first.check()
    page.locator("details.predict").nth(2).locator("summary").click()
    assert not page.locator("details.predict").nth(2).locator(".prediction-said").is_visible()


def test_printed_every_fold_is_open_and_afterwards_as_it_was(page: Page) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.predict[open]").count() == 3
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.predict[open]").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_people_from_predicting(page: Page, axe: Path, theme: str) -> None:
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    page.get_by_role("radio").first.check()
    for fold in page.locator("details.predict summary").all():
        fold.click()
    page.add_script_tag(path=axe)
    found = page.evaluate(
        "axe.run('article').then(({violations}) => violations.map(({id, nodes}) => id + nodes[0].html))"
    )
    assert found == []

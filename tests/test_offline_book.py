"""What a page would fetch from elsewhere stops the build, and widgets need no scripts."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
import scratch_book
from book_ext import offline_book
from scratch_book import ScratchBook, notebook

PICTURES = {
    "offline_markdown.md": "# Page\n\n![A picture](https://example.org/a.png)\n",
    "offline_directive.md": "# Page\n\n```{image} https://example.org/a.png\n:alt: A picture\n```\n",
}
LINK = "# Page\n\n[Elixir](https://elixir-lang.org)\n"


def slider() -> str:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1", "version_major": 2, "version_minor": 0}}
    output = nbformat.v4.new_output("display_data", {**view, "text/plain": "IntSlider(value=7)"})
    cell = nbformat.v4.new_code_cell("slider", outputs=[output], execution_count=1)
    return notebook(nbformat.v4.new_markdown_cell("# Slider\n\nIt costs $5 and then $6."), cell)


scratch_book.faulty(dict(PICTURES))
scratch_book.good({"offline_link.md": LINK, "offline_slider.ipynb": slider()})


@pytest.mark.parametrize("page", PICTURES)
def test_a_picture_from_elsewhere_fails_the_build(faulty_book: ScratchBook, page: str) -> None:
    assert faulty_book.status != 0
    assert any("would fetch https://example.org/a.png" in warning for warning in faulty_book.about(page))


def test_a_link_to_elsewhere_may_stand_on_a_page(good_book: ScratchBook) -> None:
    assert good_book.about("offline_link.md") == []


def test_a_widget_shows_its_text_and_needs_no_script(good_book: ScratchBook) -> None:
    page = good_book.page("offline_slider")
    assert good_book.about("offline_slider.ipynb") == []
    assert "IntSlider(value=7)" in page.select_one(".cell_output").get_text()
    scripts = [script.get("src", "") + script.get_text() for script in page.find_all("script")]
    assert not any(word in script.lower() for script in scripts for word in ("require", "mathjax", "widget"))


def test_an_icon_that_nothing_shows_is_not_shipped() -> None:
    two = ".fa-bars:before{content:'1'}.fa-bar:before,.fa-rod:before{content:'2'}"
    style = f"{two}.fa-bars{{color:red}}.fa-cow:before{{content:'3'}}"
    assert offline_book.without_icons(style, {"fa-bars", "fa-rod", "fa-solid"}) == style.partition(".fa-cow")[0]


def test_every_icon_that_a_page_shows_is_drawn(book_site: Path) -> None:
    style = (book_site / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    assert len(style) < 330_000
    for name in ("intro", "your_progress"):
        text = (book_site / "book" / f"{name}.html").read_text(encoding="utf-8")
        shown = set(re.findall(r"fa-solid (fa-[\w-]+)", text))
        assert shown and {icon for icon in shown if f".{icon}:before" not in style} == set()


def test_a_dollar_is_a_dollar(good_book: ScratchBook) -> None:
    assert "It costs $5 and then $6." in good_book.page("offline_slider").get_text()

"""The book on paper: each page as Chromium prints it, joined behind a list of contents, with one count of pages.

`course.py print` runs this. What a printed page looks like, its own style sheet says (`book/_static/course.css`, at
`@media print`), and `paper.js`. Here the margins and the number of each page are added, and links from one page of the
book to another lead to the right sheet.
"""

from __future__ import annotations

import argparse
import html
import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NullObject

import course

SCALE = 0.75  # the letters of a screen are large on paper
PAPER = """
@page {{ size: A4; margin: 18mm 17mm 20mm; @bottom-center {{ content: counter(page); font: 9pt sans-serif; }} }}
html {{ counter-reset: page {before}; }}
.bd-article-container {{ padding-bottom: 0 !important; }}
"""
CONTENTS = """<!doctype html><html lang="en"><title>OTP patterns in Python</title><style>
body { font: 13pt/1.5 sans-serif; margin: 0; } h1 { font-size: 28pt; margin: 0 0 1em; }
h2 { font-size: 13pt; margin: 1.1em 0 0.2em; break-after: avoid; }
a { display: flex; gap: 0.5em; color: inherit; text-decoration: none; }
a::before { content: ""; order: 1; flex: 1; border-bottom: 1px dotted; margin-bottom: 0.4em; }
b { order: 2; font-weight: 400; }
</style><h1>OTP patterns in Python</h1>"""
LIST = """() => [...document.querySelectorAll("h1, nav.bd-links :is(.caption, a.reference.internal)")].map((each) => ({
  href: each.matches("h1") ? location.href : (each.href ?? ""),
  title: (each.matches("h1") ? each.firstChild : each).textContent.trim(),
}))"""
LABS_ARE_THERE = "() => [...document.querySelectorAll('.otp-lab')].every((lab) => 'ready' in lab.dataset)"


@dataclass(frozen=True)
class Entry:
    """A line of the list of contents: a page of the book, or a caption without an address."""

    title: str
    address: str


@dataclass(frozen=True)
class Printed:
    """A page of the book on paper: its sheets, and the number of the first one."""

    entry: Entry
    reader: PdfReader
    first: int


@contextmanager
def browsing(chromium: str, site: Path) -> Iterator[tuple[Page, str]]:
    """A page of a browser that prints, and the address where the site is served for it."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox does not work for root
    with course.make_server(site) as server, sync_playwright() as playwright:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if root else [])
            page = browser.new_page(viewport={"width": 794, "height": 1123}, color_scheme="light")
            yield page, f"http://127.0.0.1:{server.server_address[1]}/"
            browser.close()
        finally:
            server.shutdown()
            thread.join()


def contents(page: Page, address: str, only: list[str]) -> list[Entry]:
    """What the book has, in its order; if names are given, only the pages whose file begins with one of them."""
    page.goto(address + "book/intro.html")
    found = list(dict.fromkeys(Entry(each["title"], each["href"]) for each in page.evaluate(LIST)))
    found.sort(key=lambda each: each.address != page.url)  # it is the first, where its list stands in front of it
    if not only:
        return found
    return [each for each in found if each.address and each.address.rpartition("/")[2].startswith(tuple(only))]


def sheets(page: Page, before: int) -> PdfReader:
    """Print what the browser shows; `before` sheets lie before it."""
    page.add_style_tag(content=PAPER.format(before=before))
    printed = page.pdf(scale=SCALE, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    return PdfReader(io.BytesIO(printed))


def print_entry(page: Page, entry: Entry, before: int) -> Printed:
    """Print a page of the book, when its labs are there and say in words what they show."""
    page.emulate_media(media="screen")
    page.goto(entry.address, wait_until="load")
    page.wait_for_function(LABS_ARE_THERE)
    page.emulate_media(media="print")
    return Printed(entry, sheets(page, before), before + 1)


def print_contents(page: Page, entries: list[Entry], numbers: dict[str, int]) -> PdfReader:
    """Print the list of contents, with the numbers that are known."""
    lines = [CONTENTS]
    for entry in entries:
        title, number = html.escape(entry.title), numbers.get(entry.address, 100)
        lines.append(f'<a href="{entry.address}">{title}<b>{number}</b></a>' if entry.address else f"<h2>{title}</h2>")
    page.set_content("\n".join(lines))
    return sheets(page, 0)


def join(front: PdfReader, printed: list[Printed]) -> PdfWriter:
    """Put all sheets into one file, each page of the book under a bookmark with its headings below."""
    writer = PdfWriter()
    writer.append(front, "Contents", import_outline=False)
    for each in printed:
        writer.append(each.reader, each.entry.title)
    firsts = {each.entry.address: each.first for each in printed}
    starts = {number: each for each in printed for number in range(each.first, each.first + len(each.reader.pages))}
    for number, sheet in enumerate(writer.pages, start=1):
        for link in [link.get_object() for link in sheet.get("/Annots", ())]:
            lead_right(link, starts.get(number), firsts, writer)
    writer.compress_identical_objects()
    return writer


def lead_right(link: DictionaryObject, here: Printed | None, firsts: dict[str, int], writer: PdfWriter) -> None:
    """Make a link lead to the sheet that it means, by its number: names and addresses are only good within one page."""
    action = link.get("/A", {})
    address = str(action.get("/URI", ""))
    name = str(link.get("/Dest", ""))
    if here and name in here.reader.named_destinations:
        place = here.reader.named_destinations[name]
        sheet = here.reader.get_destination_page_number(place)
        aim(link, writer, here.first + (sheet or 0), place.get("/Top"))
    elif urldefrag(address).url in firsts:
        aim(link, writer, firsts[urldefrag(address).url], None)
    elif address.startswith("http://127.0.0.1"):
        del link["/A"]  # a file of the site, which paper does not have


def aim(link: DictionaryObject, writer: PdfWriter, number: int, top: Any) -> None:
    """Point a link at a sheet, and at a height on it."""
    link.pop("/A", None)
    fit = ["/XYZ", NullObject(), NullObject() if top is None else FloatObject(top), NullObject()]
    page = writer.pages[number - 1].indirect_reference
    link[NameObject("/Dest")] = ArrayObject([page, NameObject(fit[0]), *fit[1:]])


def print_book(chromium: str, site: Path, target: Path, only: list[str]) -> int:
    """Print the book, or some pages of it, into one file; return the number of sheets."""
    with browsing(chromium, site) as (page, address):
        entries = contents(page, address, only)
        if not any(entry.address for entry in entries):
            raise SystemExit(f"No page of the book begins with {' or '.join(only)}.")
        count = len(print_contents(page, entries, {}).pages)
        printed: list[Printed] = []
        for entry in entries:
            if entry.address:
                print(entry.title, flush=True)
                printed.append(print_entry(page, entry, count))
                count += len(printed[-1].reader.pages)
        front = print_contents(page, entries, {each.entry.address: each.first for each in printed})
    writer = join(front, printed)
    half_written = target.with_suffix(".new")
    writer.write(half_written)
    half_written.replace(target)
    return len(writer.pages)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Print the built book into one PDF.")
    parser.add_argument("chromium", help="the program that prints")
    parser.add_argument("site", type=Path, help="the folder of the built book")
    parser.add_argument("target", type=Path, help="the file to write")
    parser.add_argument("pages", nargs="*", help="how the files of the wanted pages begin (default: the whole book)")
    chosen = parser.parse_args()
    print(f"{print_book(chosen.chromium, chosen.site, chosen.target, chosen.pages)} sheets")


if __name__ == "__main__":
    main()

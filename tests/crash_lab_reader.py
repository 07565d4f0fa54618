"""Helpers of the crash lab's browser tests: pages that hold labs, and a reader who breaks things on them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from lab_scenarios import RAISES, Orders, part, shop
from playwright.sync_api import Browser, Locator

from otp_mini import Supervisor
from otp_mini.lab import Lab
from otp_mini.viz import player

HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Labs</title><link rel="icon" href="data:,">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body>'
)


def page_of(*fragments: str) -> str:
    """A page with these pieces of HTML, one below the other."""
    return HEAD + "\n".join(fragments) + "</body></html>"


@functools.cache
def shop_lab() -> Lab:
    return Lab(shop, raises=RAISES)


@functools.cache
def shop_document() -> dict[str, Any]:
    """All futures of the shop up to step 2."""
    return shop_lab().document(2)


async def orders() -> Any:
    """A smaller shop, in which a supervisor below the root gives up after four crashes."""
    return await Supervisor.start_link([Orders, part("Web")], strategy="rest_for_one", name="Shop")


@functools.cache
def orders_document() -> dict[str, Any]:
    return Lab(orders).document(4)


class Reader:
    """One page, one lab on it, and what a reader does there.

    Args:
        options: of Playwright's new context.
    """

    def __init__(self, browser: Browser, page: str | Path, nth: int = 0, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 900, "height": 1100}, **options})
        self.context.set_default_timeout(20_000)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(page.as_uri() if isinstance(page, Path) else page)
        self.lab = self.page.locator(".crash-lab").nth(nth)

    def node(self, name: str) -> Locator:
        return self.lab.locator(".node").filter(has=self.page.locator(f".name:text-is({quoted(name)})"))

    def state(self, name: str) -> str | None:
        return self.node(name).get_attribute("data-st")

    def life(self, name: str) -> int:
        return int(self.node(name).get_attribute("data-life") or 0)

    @property
    def caption(self) -> str:
        return self.lab.locator(".caption").first.inner_text()

    @property
    def log(self) -> list[str]:
        return self.lab.locator(".log .line").all_inner_texts()

    @property
    def tip(self) -> str:
        return self.lab.locator(".tip").inner_text()

    @property
    def path(self) -> list[str]:
        return self.lab.locator(".crumb").all_inner_texts()

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tool(self, name: str) -> Locator:
        return self.lab.locator(f".tb[aria-label^='{name}']")

    def moment(self, text: str) -> None:
        """Choose when the next process ends."""
        self.lab.locator(".moment", has_text=text).click()

    def to_quiet(self) -> None:
        self.tool("To the next quiet moment").click()

    def end(self, name: str, way: str) -> None:
        """End a process, and see its first consequence only."""
        self.node(name).click()
        self.lab.locator(f".way[data-way={way}]").click()

    def crash(self, name: str, way: str) -> None:
        """End a process, and see all that comes of it."""
        self.end(name, way)
        self.to_quiet()

    def focused(self, what: str = "textContent") -> Any:
        return self.page.evaluate(f"document.activeElement.shadowRoot?.activeElement?.{what}")

    def close(self) -> None:
        """Nothing went wrong, and nothing was asked of anybody."""
        assert self.errors == []
        assert [url for url in self.asked if not url.startswith(("file:", "data:", "about:", "blob:"))] == []
        self.context.close()


def quoted(text: str) -> str:
    """A text as a string of CSS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def lab_page(folder: Path, *fragments: str, name: str = "page.html") -> Path:
    """Write a page of these pieces of HTML."""
    path = folder / name
    path.write_text(page_of(*fragments), encoding="utf-8")
    return path


def shop_html(**options: Any) -> str:
    return player.html(shop_document(), **options)

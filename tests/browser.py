"""Helpers of the browser tests: a static server below a sub-path, and a Chromium that reaches nothing else.

The server stands in for any host of static files: it knows files and nothing more, and the site lies below a path, as
it does on most of them. What the browser asks of another host goes to a proxy that writes it down and refuses.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import threading
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

PREFIX = "/somewhere/below"
A_LONG_TIME = 90_000  # ms; nothing waits that long unless the machine is very busy or something is broken

FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--disable-gpu",
]
# Chromium asks these of its own accord, whatever page is shown; a page that asked them would be seen as its request.
CHROMIUM_ITSELF = {
    "accounts.google.com",
    "clients2.google.com",
    "update.googleapis.com",
    "www.google.com",
    "android.clients.google.com",
    "optimizationguide-pa.googleapis.com",
    "mtalk.google.com",
    "content-autofill.googleapis.com",
    "redirector.gvt1.com",
    "edgedl.me.gvt1.com",
}


@dataclass
class Server:
    """A running server: where it is, what it serves, what it sent, and what was asked that it does not have."""

    folder: Path  # another release can be put in its place while the server runs
    address: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)  # a file's path, and how many of its bytes went out
    statuses: Counter[int] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Start counting anew."""
        self.sent.clear()
        self.statuses.clear()
        self.missing.clear()


@contextlib.contextmanager
def serving(folder: Path, **headers: str) -> Iterator[Server]:
    """Serve `folder` below `PREFIX` on a free port of 127.0.0.1, with these headers in every answer."""
    record = Server(folder, headers={name.replace("_", "-"): value for name, value in headers.items()})

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        extensions_map: ClassVar[dict[str, str]] = {
            **http.server.SimpleHTTPRequestHandler.extensions_map,
            ".mjs": "text/javascript",
            ".js": "text/javascript",
            ".wasm": "application/wasm",
        }

        def translate_path(self, path: str) -> str:
            self.directory = str(record.folder)
            path = urllib.parse.urlsplit(path).path
            return super().translate_path(path[len(PREFIX) :] if path.startswith(PREFIX + "/") else "/not-below")

        def end_headers(self) -> None:
            for name, value in record.headers.items():
                self.send_header(name, value)
            super().end_headers()

        def send_response(self, code: int, message: str | None = None) -> None:
            record.statuses[int(code)] += 1
            if code == 404:
                record.missing.append(self.path)
            super().send_response(code, message)

        def copyfile(self, source: Any, outputfile: Any) -> None:
            record.sent[self.path] += os.fstat(source.fileno()).st_size
            super().copyfile(source, outputfile)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with _running(Handler) as port:
        record.address = f"http://127.0.0.1:{port}{PREFIX}/"
        yield record


@contextlib.contextmanager
def refusing() -> Iterator[tuple[str, list[str]]]:
    """Run a proxy that lets nothing through: its address, and the list of what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def refuse(self) -> None:
            host = urllib.parse.urlsplit(self.path if "://" in self.path else "//" + self.path).hostname
            if host not in CHROMIUM_ITSELF:
                asked.append(self.path)
            self.send_error(403, "No other host in a test")

        do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do_CONNECT = refuse

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with _running(Handler) as port:
        yield f"http://127.0.0.1:{port}", asked


@contextlib.contextmanager
def _running(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that closes a connection early is no news."""

    with Quiet(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Browser:
    """A running Chromium. Its cache and its storage live in the profile, and outlive it there."""

    context: BrowserContext
    foreign: list[str]  # what was asked of other hosts
    errors: list[str]  # errors in the console, and exceptions in pages

    @property
    def page(self) -> Page:
        """The first tab."""
        return self.context.pages[0]


@contextlib.contextmanager
def browsing(executable: str, profile: Path, **options: Any) -> Iterator[Browser]:
    """Start Chromium with a profile; `options` go to Playwright's new context (viewport, color_scheme …)."""
    options.setdefault("viewport", {"width": 1300, "height": 900})
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with refusing() as (proxy, foreign), sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable,
            headless=True,
            args=[*FLAGS, *(["--no-sandbox"] if root else [])],
            proxy={"server": proxy, "bypass": "127.0.0.1"},
            **options,
        )
        context.set_default_timeout(A_LONG_TIME)
        errors: list[str] = []

        def asked(request: Request) -> None:
            parts = urllib.parse.urlsplit(request.url)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
                foreign.append(request.url)

        context.on("request", asked)
        context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        try:
            yield Browser(context, foreign, errors)
        finally:
            context.close()

"""Fixtures for what only some machines have, and for the built site.

A test that needs Chromium or Elixir takes the fixture of that name. Where the program is missing the test
is skipped and says why; with OTP_MINI_REQUIRE_ALL=1 (as in .ci/run) its absence is a failure.
"""
from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

import course

CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
CHROMIUM_PLACES = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
]


def lacking(what: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("OTP_MINI_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}, and OTP_MINI_REQUIRE_ALL=1 asks for it", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for Playwright's `executable_path` (as root it wants --no-sandbox)."""
    found = [path for name in CHROMIUM_NAMES if (path := shutil.which(name))]
    found += [place for place in CHROMIUM_PLACES if Path(place).exists()]
    return found[0] if found else lacking("no Chromium on this machine")


@pytest.fixture(scope="session")
def elixir() -> str:
    """The path of `elixir`."""
    return shutil.which("elixir") or lacking("no Elixir on this machine")


@pytest.fixture(scope="session")
def book_site() -> Path:
    """The folder of the built book; built first where it is missing or out of date."""
    with course.lock():
        course.build_book(sys.executable)
    return course.HTML


@pytest.fixture(scope="session")
def live_site(book_site: Path) -> Path:
    """The folder of the built book with its in-browser part in `lite/`."""
    with course.lock():
        try:
            course.build_lite(sys.executable)
        except course.LiteUnavailable as error:
            if not error.outside:
                raise
            lacking(str(error))
    return book_site

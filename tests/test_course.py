"""course.py: each test works on a copy of it in a clone of its own, so nothing here installs or builds."""

from __future__ import annotations

import ast
import contextlib
import errno
import http.client
import importlib.util
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "course.py"
A_LONG_TIME = 100  # s; nothing waits that long unless the machine is very busy or something is broken
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals and no process groups")


@pytest.fixture
def clone(tmp_path: Path) -> ModuleType:
    """A fresh course.py in a small clone, whose path has blanks and letters that are not ASCII."""
    root = tmp_path / "meine Kopie – é"
    for name in ("book", "notebooks", "otp_mini", "lite"):
        (root / name).mkdir(parents=True)
        (root / name / "file.txt").write_text(name, encoding="utf-8")
    (root / "requirements.txt").write_text("pytest==9.2.0\n", encoding="utf-8")
    (root / "constraints.txt").write_text("pluggy==1.7.0\n", encoding="utf-8")
    shutil.copy(SOURCE, root / "course.py")
    spec = importlib.util.spec_from_file_location("course_of_a_clone", root / "course.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_program(clone: ModuleType, code: str) -> subprocess.Popen[str]:
    """Start a program that has imported the clone's course.py, its output in a pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", importing(clone) + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )


def importing(clone: ModuleType) -> str:
    """The lines of a program that make the clone's course.py known in it."""
    return f"import sys; sys.path.insert(0, {str(clone.ROOT)!r}); import course\n"


def python(code: str) -> list[str]:
    """Return a command that stands for a tool."""
    return [sys.executable, "-c", code]


# --- what a newcomer may meet ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(3, 6, 15), (3, 8, 18), (3, 10, 13)])
def test_an_old_python_gets_one_sentence(version: tuple[int, ...]) -> None:
    code = f"import sys, runpy; sys.version_info = {version}; runpy.run_path({str(SOURCE)!r}, run_name='__main__')"
    ended = subprocess.run(python(code), capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == (
        f"The course needs Python 3.11 or newer and this is Python 3.{version[1]}: "
        "start it with a newer one, for example `python3.12 course.py read`.\n"
    )


def test_an_old_python_can_read_the_syntax() -> None:
    """The check of the version comes first, but only a file that parses gets to run it."""
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 6))
    check = next(i for i, node in enumerate(tree.body) if isinstance(node, ast.If))
    before = [node for node in tree.body[:check] if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in before] == ["import sys"]


def test_no_word_shows_the_help_and_is_not_a_success(clone: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert clone.main([]) == 2
    shown = capsys.readouterr().out
    assert set(clone.WORDS) <= set(re.findall(r"^    (\w+)(?:  |$)", shown, re.MULTILINE))


def test_every_word_of_the_readme_exists_and_has_a_help(clone: ModuleType) -> None:
    assert set(clone.WORDS) >= {"read", "test", "lab", "grade", "book", "refresh", "bench", "clean"}
    for word in clone.WORDS:
        with pytest.raises(SystemExit) as ended:
            clone.main([word, "--help"])
        assert ended.value.code == 0


def test_a_taken_port_is_told_before_anything_is_built(clone: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert clone.main(["read", "--port", str(number)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"Port {number} of 127.0.0.1 cannot be used (Address already in use): choose another")
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("text", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(clone: ModuleType, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        clone.main(["read", f"--port={text}"])
    assert ended.value.code == 2
    assert f"a port is a number from 0 to 65535, got '{text}'" in capsys.readouterr().err


def test_too_little_room_is_told_before_anything_is_installed(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clone.shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(0, 0, 200_000_000))
    assert clone.main(["book"]) == 1
    told = capsys.readouterr()
    assert told.err == f"The course needs about 1300 MB on the disk of {clone.ROOT}, and 200 MB are free.\n"
    assert not clone.VENV.exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full.\n"),
        (PermissionError(errno.EACCES, "Permission denied", "_build"), "_build: Permission denied.\n"),
    ],
)
def test_an_error_of_the_system_is_one_sentence(
    clone: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: OSError,
    sentence: str,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(clone, "ensure_environment", fail)
    assert clone.main(["book"]) == 1
    assert capsys.readouterr().err == sentence


# --- tools that fail -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("npm error code ENOSPC", "the disk is full"),
        ("npm error code EAI_AGAIN", "the package index could not be reached"),
        ("npm error code ENOTFOUND", "the package index could not be reached"),
        ("The virtual environment was not created because ensurepip is not available", "python3-venv"),
        ("ERROR: No matching distribution found for pygraphviz==2.0.4", "a release for this Python"),
        ("PermissionError: [WinError 5] Access is denied", "another program holds it open"),
    ],
)
def test_a_known_cause_is_put_into_the_sentence(clone: ModuleType, said: str, meaning: str) -> None:
    with pytest.raises(clone.Stop) as stop:
        clone.run("Installing", python(f"print({said!r}); raise SystemExit(1)"), "install")
    assert str(stop.value).startswith("Installing failed: ")
    assert meaning in str(stop.value)
    assert stop.value.outside
    assert str(clone.LOGS / "install.log") in str(stop.value)


def test_an_unknown_cause_shows_the_complaints_and_the_end_of_the_output(
    clone: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    tool = "print('\\x1b[91mWARNING:\\x1b[39;49;00m no such page', *range(99), sep='\\n'); raise SystemExit(3)"
    with pytest.raises(clone.Stop, match="Working failed with status 3: the end of its output is above") as stop:
        clone.run("Working", python(tool), "work")
    assert not stop.value.outside
    told = capsys.readouterr()
    assert told.err.splitlines() == ["  | WARNING: no such page", *(f"  | {n}" for n in range(84, 99))]
    assert told.out.startswith("Working ...\nWorking: failed in ")


def test_pip_without_a_network_gets_the_sentence_about_the_network(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What real pip says where nothing answers: the port of a socket that was closed again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    pip = [sys.executable, "-m", "pip", "download", "--retries=1", f"--index-url=http://127.0.0.1:{nobody}/", "nothing"]
    with pytest.raises(clone.Stop, match="the package index could not be reached"):
        clone.run("Installing", pip, "install")


def test_a_long_step_says_that_it_is_at_work(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = clone.ROOT / "a.log"
    log.write_text("Downloading a large wheel\n", encoding="utf-8")
    progress = clone.Progress("Installing", log)
    for seconds in (10, 20, 30, 40):
        monkeypatch.setattr(clone.time, "monotonic", lambda now=progress.begin + seconds: now)
        progress.tick()
    assert capsys.readouterr().out.splitlines() == [
        "Installing ...",
        "  20 s: Downloading a large wheel",
        "  40 s: Downloading a large wheel",
    ]


@posix_only
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupt_ends_the_tool_and_what_the_tool_started(clone: ModuleType, name: str) -> None:
    number = getattr(signal, name)
    tool = "import subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    code = f"""
course.end_in_order()
course.ensure_environment = lambda: course.run("Working", [sys.executable, "-c", {tool!r}], "work")
sys.exit(course.main(["book"]))"""
    with as_program(clone, code) as program:
        log = clone.LOGS / "work.log"
        wait_until(lambda: log.exists() and log.read_text().strip())
        grandchild = int(log.read_text())
        program.send_signal(number)
        told, _ = program.communicate(timeout=A_LONG_TIME)
    assert program.returncode == (1 if number == signal.SIGINT else 128 + number)
    assert "Traceback" not in told
    if number == signal.SIGINT:
        assert told.endswith("Interrupted: the same command goes on from here.\n")
    wait_until(lambda: not alive(grandchild))


@posix_only
def test_a_terminal_that_is_closed_ends_the_tool_and_frees_the_lock_with_it(clone: ModuleType) -> None:
    """A tool that ends late: nobody else may build before it has."""
    import pty

    tool = textwrap.dedent("""
        import signal, time
        def late(*_):
            time.sleep(0.5)
            print("ended", flush=True)
            raise SystemExit
        signal.signal(signal.SIGTERM, late)
        print("works", flush=True)
        time.sleep(60)
    """)
    ours, theirs = pty.openpty()
    code = f"""
import fcntl, os, termios
terminal = os.open({os.ttyname(theirs)!r}, os.O_RDWR)
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
for number in range(3):
    os.dup2(terminal, number)
course.end_in_order()
with course.lock():
    course.run("Working", [sys.executable, "-c", {tool!r}], "work")"""
    program = subprocess.Popen([sys.executable, "-c", importing(clone) + code], start_new_session=True)
    log = clone.LOGS / "work.log"
    wait_until(lambda: log.exists() and "works" in log.read_text())
    os.close(theirs)
    os.close(ours)
    with clone.lock():
        assert "ended" in log.read_text()
    assert program.wait(timeout=A_LONG_TIME) == 128 + signal.SIGHUP


@posix_only
def test_a_program_that_was_handed_over_ends_with_the_terminal(clone: ModuleType) -> None:
    tool = "import time; print('works', flush=True); time.sleep(60)"
    code = f"course.end_in_order()\nsys.exit(course.hand_over([sys.executable, '-c', {tool!r}]))"
    with as_program(clone, code) as program:
        assert program.stdout and program.stdout.readline() == "works\n"
        program.send_signal(signal.SIGHUP)
        told, _ = program.communicate(timeout=A_LONG_TIME)  # its end, and the child's: both hold the pipe
    assert (program.returncode, told) == (128 + signal.SIGHUP, "")


@posix_only
def test_nohup_is_heeded(clone: ModuleType) -> None:
    code = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
course.end_in_order()
assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
assert signal.getsignal(signal.SIGTERM) is course.terminated
print("so it is")"""
    with as_program(clone, code) as program:
        assert program.communicate(timeout=A_LONG_TIME)[0] == "so it is\n"


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be collected does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return not Path("/proc").exists()
    return False


def wait_until(holds: Callable[[], object]) -> None:
    """Look again until something outside this process has happened."""
    end = time.monotonic() + A_LONG_TIME
    while not holds():
        assert time.monotonic() < end, f"it did not happen within {A_LONG_TIME} s"
        time.sleep(0.02)


def test_a_child_sees_the_course_and_nothing_of_the_users_python(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere/else")
    monkeypatch.setenv("PYTHONSTARTUP", "greeting.py")
    monkeypatch.setenv("OTP_MINI_REQUIRE_ALL", "1")
    environment = clone.child_environment()
    assert environment["PYTHONPATH"] == str(clone.ROOT)
    assert "PYTHONSTARTUP" not in environment
    assert environment["OTP_MINI_REQUIRE_ALL"] == "1"
    assert environment["PATH"].split(os.pathsep)[0] == str(clone.VENV_PYTHON.parent)


# --- what is made again, and what is not -----------------------------------------------------------------


def test_a_hash_follows_contents_and_names_and_nothing_else(clone: ModuleType) -> None:
    file = clone.ROOT / "book" / "file.txt"
    first = clone.digest(["book"])
    os.utime(file, (0, 0))
    for left in ("__pycache__", ".ipynb_checkpoints"):
        (clone.ROOT / "book" / left).mkdir()
        (clone.ROOT / "book" / left / "x").write_text("x")
    assert clone.digest(["book"]) == first
    file.write_text("other", encoding="utf-8")
    second = clone.digest(["book"])
    file.rename(file.with_name("file2.txt"))
    third = clone.digest(["book"])
    assert len({first, second, third, clone.digest(["book", "no such file"])}) == 3


@pytest.fixture
def environment(clone: ModuleType) -> ModuleType:
    """A clone with a finished environment: a Python that starts, one package, a stamp."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clone.VENV)], check=True)
    site = next(iter(clone.VENV.glob("lib/*/site-packages")), clone.VENV / "Lib" / "site-packages")
    (site / "pytest-9.2.0.dist-info").mkdir()
    clone.write_stamp(clone.VENV_STAMP, {**clone.environment_key(), "packages": clone.installed()})
    assert clone.installed() == ["pytest-9.2.0.dist-info"]
    return clone


def test_a_finished_environment_is_left_alone(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "run", lambda *_: pytest.fail("something was run"))
    environment.ensure_environment()
    assert capsys.readouterr().out == "packages: nothing changed\n"


def change_python(course: ModuleType) -> None:
    course.write_stamp(course.VENV_STAMP, {**course.read_stamp(course.VENV_STAMP), "python": "CPython 3.11.0"})


def break_python(course: ModuleType) -> None:
    course.VENV_PYTHON.unlink()
    course.VENV_PYTHON.write_text("no program")


def lose_a_package(course: ModuleType) -> None:
    next(course.VENV.rglob("pytest-9.2.0.dist-info")).rmdir()


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda course: shutil.rmtree(course.VENV), "there is none yet"),
        (lambda course: course.VENV_STAMP.unlink(), "the last installation did not finish"),
        (lambda course: course.VENV_STAMP.write_text("{"), "the last installation did not finish"),
        (change_python, "it was made by another Python or in another folder"),
        (break_python, "its Python does not start any more"),
        (lose_a_package, "packages have gone from it"),
        (lambda course: (course.ROOT / "constraints.txt").write_text("pluggy==1.6.0"), "outdated"),
    ],
)
def test_an_environment_that_is_not_right_is_known_by_its_fault(
    environment: ModuleType, change: Callable[[ModuleType], object], state: str
) -> None:
    assert environment.environment_state() == "ready"
    change(environment)
    assert environment.environment_state() == state


def test_a_clone_that_moved_makes_its_environment_anew(environment: ModuleType) -> None:
    moved = environment.ROOT.with_name("moved")
    environment.ROOT.rename(moved)
    environment.ROOT, environment.VENV = moved, moved / ".venv"
    environment.VENV_STAMP = environment.VENV / environment.VENV_STAMP.name
    assert environment.environment_state() == "it was made by another Python or in another folder"


# --- what course.py did not make -------------------------------------------------------------------------


def folder_of_the_users(place: Path) -> None:
    place.mkdir()
    (place / "my notes.txt").write_text("mine")


def file_of_the_users(place: Path) -> None:
    place.write_text("mine")


def link_to_the_users(place: Path) -> None:
    folder_of_the_users(place.parent / "elsewhere")
    place.symlink_to("elsewhere")


def link_to_another_clone(place: Path) -> None:
    link_to_the_users(place)
    (place / "course-stamp.json").write_text('{"python": "another", "base": "", "place": ""}')


def dangling_link(place: Path) -> None:
    place.symlink_to("nowhere")


FOREIGN = {
    folder_of_the_users: "was not made by course.py",
    file_of_the_users: "is a file, where course.py would make a folder",
    link_to_the_users: "is a link to elsewhere, and what is there is not the environment of this folder",
    link_to_another_clone: "is a link to elsewhere, and what is there is not the environment of this folder",
    dangling_link: "is a link to nowhere, and what is there is not the environment of this folder",
}


def everything_in(folder: Path) -> dict[str, str]:
    """What stands in a folder: of a file its text, of a link where it leads to. What Python compiled is not counted."""
    found = {}
    for path in folder.rglob("*"):
        if "__pycache__" in path.parts:
            continue
        if path.is_symlink():
            found[path.name] = f"-> {path.readlink()}"
        elif path.is_file() and path.name != ".course.lock":
            found[path.name] = path.read_bytes().decode("utf-8", "replace")
    return found


@posix_only
@pytest.mark.parametrize("make", FOREIGN, ids=lambda make: make.__name__.replace("_", " "))
def test_an_environment_that_course_py_did_not_make_is_left_as_it_is(
    clone: ModuleType, commands: list[str], capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    make(clone.VENV)
    before = everything_in(clone.ROOT)
    assert clone.main(["book"]) == 1
    assert capsys.readouterr().err == (
        f"{clone.VENV} {FOREIGN[make]}. It is left as it is: "
        "move it away or remove it, then the same command goes on.\n"
    )
    assert clone.main(["clean"]) == 0
    assert "leaving .venv as it is: course.py did not make it" in capsys.readouterr().out
    assert everything_in(clone.ROOT) == before
    assert commands == []


@posix_only
def test_an_environment_on_another_disk_is_used_through_its_link(environment: ModuleType) -> None:
    elsewhere = environment.ROOT.with_name("elsewhere")
    environment.VENV.rename(elsewhere)
    environment.VENV.symlink_to(elsewhere)
    assert environment.environment_state() == "ready"


def test_an_empty_folder_is_nobodys(clone: ModuleType, commands: list[str]) -> None:
    clone.VENV.mkdir()
    clone.ensure_environment()
    assert commands == ["venv", "install"]


@pytest.fixture
def read_only(clone: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing in the clone may be written. Root may write everywhere: so the calls are replaced."""
    really_open, really_mkdir = io.open, os.mkdir

    def inside(place: Any) -> bool:
        return not isinstance(place, int) and Path(place).is_relative_to(clone.ROOT)

    def opened(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if inside(file) and set(mode) & set("wax+"):
            raise OSError(errno.EROFS, "Read-only file system", str(file))
        return really_open(file, mode, *args, **options)

    def made(path: Any, *args: Any, **options: Any) -> None:
        if inside(path):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        really_mkdir(path, *args, **options)

    monkeypatch.setattr(io, "open", opened)
    monkeypatch.setattr(os, "mkdir", made)


def test_a_complete_checkout_that_may_not_be_written_can_be_read(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    for part, inputs in (("", environment.BOOK_INPUTS), ("lite", environment.LITE_INPUTS)):
        (environment.HTML / part).mkdir(parents=True, exist_ok=True)
        (environment.HTML / part / "index.html").write_text("there")
        environment.write_stamp(environment.STAMPS / f"{part or 'book'}.json", environment.digest(inputs))
    monkeypatch.setattr(environment, "run", lambda *_: pytest.fail("something was run"))
    request.getfixturevalue("read_only")
    assert environment.main(["book"]) == 0


def test_an_incomplete_checkout_that_may_not_be_written_gets_a_way_out(
    clone: ModuleType, read_only: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clone.main(["book"]) == 1
    assert capsys.readouterr().err == (
        f"{clone.VENV}: Read-only file system. This folder may not be written to, and not all that the command needs "
        "has been made in it: copy the folder to a place of your own, and start the command there.\n"
    )


@pytest.fixture
def commands(clone: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of what course.py would run; the clone's book builder writes one page."""
    ran: list[str] = []

    def run(title: str, command: list[str], log: str, error: type[Exception] = clone.Stop) -> None:
        ran.append(log)
        if log in getattr(clone, "failing", ()):
            raise error(f"{title} failed.")
        if log == "venv":
            (clone.VENV / "pyvenv.cfg").touch()
        if log == "book":
            clone.HTML.mkdir(parents=True, exist_ok=True)
            (clone.HTML / "index.html").write_text("the book")
        if log == "lite":
            Path(command[-1]).mkdir(parents=True)
            (Path(command[-1]) / "index.html").write_text("the live part")

    monkeypatch.setattr(clone, "run", run)
    return ran


def test_an_interrupted_installation_starts_from_an_empty_environment(clone: ModuleType, commands: list[str]) -> None:
    clone.failing = ["install"]
    with pytest.raises(clone.Stop):
        clone.ensure_environment()
    (clone.VENV / "half a package").touch()
    clone.failing = []
    clone.ensure_environment()
    assert commands == ["venv", "install", "venv", "install"]
    assert not (clone.VENV / "half a package").exists()


def test_changed_requirements_are_installed_into_the_environment_that_is_there(
    environment: ModuleType, commands: list[str]
) -> None:
    (environment.ROOT / "requirements.txt").write_text("pytest==9.1.0\n")
    environment.failing = ["install"]
    with pytest.raises(environment.Stop):
        environment.ensure_environment()
    assert commands == ["install"]
    assert environment.environment_state() == "the last installation did not finish"


def test_the_book_is_built_once_and_again_after_a_change(clone: ModuleType, commands: list[str]) -> None:
    clone.build_book("python")
    clone.build_book("python")
    assert commands == ["book"]
    (clone.HTML / "gone.html").write_text("a page that has left the sources")
    (clone.HTML / "lite").mkdir()
    (clone.ROOT / "book" / "file.txt").write_text("a new sentence")
    clone.build_book("python")
    assert commands == ["book", "book"]
    assert sorted(path.name for path in clone.HTML.iterdir()) == ["index.html", "lite"]


def test_a_site_that_was_deleted_is_built_again(clone: ModuleType, commands: list[str]) -> None:
    clone.build_book("python")
    shutil.rmtree(clone.HTML)
    clone.build_book("python")
    assert commands == ["book", "book"]


def test_a_book_that_failed_is_built_again(clone: ModuleType, commands: list[str]) -> None:
    clone.build_book("python")
    (clone.ROOT / "_toc.yml").write_text("changed")
    clone.failing = ["book"]
    for _ in range(2):
        with pytest.raises(clone.Stop):
            clone.build_book("python")
    assert commands == ["book", "book", "book"]


def test_a_reader_gets_a_book_with_warnings_and_a_test_does_not(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def warn(title: str, command: list[str], log: str) -> None:
        clone.HTML.mkdir(parents=True, exist_ok=True)
        (clone.HTML / "index.html").write_text("the book")
        raise clone.Stop("Building the book failed.")

    monkeypatch.setattr(clone, "run", warn)
    clone.build_book("python", strict=False)
    assert capsys.readouterr().out == "Building the book failed. It is served all the same.\n"
    with pytest.raises(clone.Stop):
        clone.build_book("python")


def test_the_live_part_is_built_once_and_again_after_a_change(clone: ModuleType, commands: list[str]) -> None:
    clone.build_site()
    clone.build_site()
    assert [name for name in commands if name != "npm"] == ["book", "lite"]
    (clone.ROOT / "lite" / "file.txt").write_text("changed")
    clone.build_site()
    assert [name for name in commands if name != "npm"] == ["book", "lite", "lite"]
    assert (clone.HTML / "lite" / "index.html").read_text() == "the live part"


def test_without_the_live_part_the_book_is_there_and_one_line_says_why(
    clone: ModuleType, commands: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    clone.build_site()
    (clone.ROOT / "lite" / "file.txt").write_text("changed")
    capsys.readouterr()
    clone.failing = ["lite"]
    clone.build_site()
    kept, left_out = capsys.readouterr().out.splitlines()
    assert kept == "book: nothing changed"
    assert left_out.startswith("Building the in-browser part failed. The book is built without it: every page")
    assert (clone.HTML / "index.html").exists()
    assert not (clone.HTML / "lite").exists(), "an old live part would run old notebooks"


def test_without_npm_the_wheel_that_carries_it_is_installed(
    clone: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(clone.ROOT))
    clone.build_site()
    assert commands == ["book", "npm", "lite"]


# --- paper ------------------------------------------------------------------------------------------------


def test_without_a_chromium_one_sentence_says_what_to_do(
    clone: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clone, "find_chromium", lambda: None)
    assert clone.main(["print"]) == 1
    told = capsys.readouterr()
    assert (told.out, commands) == ("", []), "nothing is installed or built for it"
    assert told.err.startswith(
        "There is no Chromium, Chrome or Edge on this machine to print the book with: install one"
    )
    assert len(told.err.splitlines()) == 1


def test_print_builds_the_book_and_hands_it_over(
    environment: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "find_chromium", lambda: "/chromium")
    monkeypatch.setattr(environment, "last_line", lambda log: "12 sheets")
    assert environment.main(["print", "07"]) == 0
    assert commands == ["book", "print"]


def test_a_chromium_is_found_on_the_path(clone: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clone, "CHROMIUM_PLACES", [])
    monkeypatch.setattr(clone.shutil, "which", lambda name: f"/bin/{name}" if "chrome" in name else None)
    assert clone.find_chromium() == "/bin/google-chrome"
    monkeypatch.setattr(clone.shutil, "which", lambda name: None)
    assert clone.find_chromium() is None


# --- one file for a class --------------------------------------------------------------------------------


def test_zip_builds_what_has_changed_and_puts_the_site_into_one_file(
    environment: ModuleType, commands: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert environment.main(["zip"]) == 0
    assert [name for name in commands if name != "npm"] == ["book", "lite"], "nothing is built twice"
    assert str(environment.ZIP) in capsys.readouterr().out
    with zipfile.ZipFile(environment.ZIP) as archive:
        assert archive.namelist() == [f"otp-course/{name}" for name in ("README.txt", "index.html", "lite/index.html")]


def test_two_zips_of_one_site_are_equal_byte_for_byte(clone: ModuleType) -> None:
    made = []
    for seconds, order in [(1, "ab"), (2_000_000_000, "ba")]:
        clone.remove(clone.HTML)
        for name in order:
            (clone.HTML / name).mkdir(parents=True)
            (clone.HTML / name / f"{name}.html").write_text(name)
            os.utime(clone.HTML / name / f"{name}.html", (seconds, seconds))
        (clone.HTML / "a" / "a.html").chmod(0o600 if order == "ab" else 0o644)
        clone.pack_site()
        made.append(clone.ZIP.read_bytes())
    assert made[0] == made[1]


def test_a_zip_that_could_not_be_finished_leaves_the_last_one(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone.HTML.mkdir(parents=True)
    (clone.HTML / "index.html").write_text("the book")
    clone.pack_site()
    before = clone.ZIP.read_bytes()

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OSError, match="No space"):
        clone.pack_site()
    assert clone.ZIP.read_bytes() == before


def test_the_text_in_the_zip_says_how_to_open_it(clone: ModuleType) -> None:
    for words in ("python3 -m http.server", "http://127.0.0.1:8000/", "index.html", "No network is needed"):
        assert words in clone.ZIP_README
    assert max(map(len, clone.ZIP_README.splitlines())) <= 79


@posix_only
@pytest.mark.parametrize(
    ("npm", "node", "will_do"),
    [("exit 0", "exit 0", True), ("exit 1", "exit 0", False), ("exit 0", "exit 1", False), ("exit 0", None, False)],
    ids=["both start", "npm does not start", "Node is too old", "there is no Node"],
)
def test_an_npm_that_will_not_do_counts_as_none(
    clone: ModuleType,
    commands: list[str],
    monkeypatch: pytest.MonkeyPatch,
    npm: str,
    node: str | None,
    will_do: bool,
) -> None:
    for name, script in (("npm", npm), ("node", node)):
        if script:
            (clone.ROOT / name).write_text(f"#!/bin/sh\n{script}\n")
            (clone.ROOT / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(clone.ROOT))
    clone.ensure_npm("python")
    assert commands == ([] if will_do else ["npm"])


@posix_only
def test_the_age_of_node_is_judged_by_node_itself(clone: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    if not clone.has_npm():
        pytest.skip("no npm on this machine")
    monkeypatch.setattr(clone, "OLDEST_NODE", 1000)
    assert not clone.has_npm()


def test_two_at_once_build_one_after_the_other(clone: ModuleType) -> None:
    with clone.lock():
        program = as_program(clone, "with course.lock(): print('in', flush=True)")
        assert program.stdout
        assert program.stdout.readline() == "Another course.py is building here: waiting for it ...\n"
    with program:
        told, _ = program.communicate(timeout=A_LONG_TIME)
    assert told == "in\n"


def test_clean_removes_what_was_made_and_nothing_else(clone: ModuleType) -> None:
    shutil.rmtree(clone.ROOT / "__pycache__", ignore_errors=True)  # of course.py itself
    (clone.ROOT / "my_course").mkdir()
    (clone.ROOT / "my_course" / "chapter.ipynb").write_text("a reader's work")
    (clone.ROOT / "my_class").mkdir()
    (clone.ROOT / "my_class" / "gradebook.db").write_text("the marks of a class")
    before = {path.relative_to(clone.ROOT) for path in clone.ROOT.rglob("*")}
    for made in (".venv/bin/python", ".lite/cache/x", "_build/html/x", "otp_mini/__pycache__/x", ".mypy_cache/x"):
        (clone.ROOT / made).parent.mkdir(parents=True)
        (clone.ROOT / made).touch()
    clone.VENV_MARK.touch()
    assert clone.main(["clean"]) == 0
    after = {path.relative_to(clone.ROOT) for path in clone.ROOT.rglob("*")}
    assert after == before | {Path(".course.lock")}


# --- words that hand over --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["test"], ["-m", "pytest", "on all cores"]),
        (["test", "--quick"], ["-m", "pytest", "--quick", "on all cores"]),
        (["test", "--", "-k", "mailbox", "--lf"], ["-m", "pytest", "-k", "mailbox", "--lf"]),
        (["test", "--quick", "--", "-x"], ["-m", "pytest", "--quick", "-x"]),
        (["bench", "--", "--quick"], ["benchmarks/run.py", "--quick"]),
        (["refresh", "a.ipynb"], ["tools/refresh.py", "a.ipynb"]),
    ],
)
def test_a_word_hands_over_with_its_arguments_and_returns_the_status(
    clone: ModuleType,
    commands: list[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    expected: list[str],
) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(clone, "hand_over", lambda command: handed.append(command) or 5)
    monkeypatch.setattr(clone, "on_all_cores", lambda: ["on all cores"])
    assert clone.main(words) == 5
    command = [part.replace(str(clone.ROOT) + os.sep, "").replace(os.sep, "/") for part in handed[0][1:]]
    assert command == expected
    assert handed[0][0] == str(clone.VENV_PYTHON)


@pytest.mark.parametrize(
    ("words", "folder", "made"),
    [
        (["lab"], "my_course", True),
        (["lab", "--folder", "elsewhere"], "elsewhere", True),
        (["lab", "--chapters"], "notebooks", False),
    ],
)
def test_lab_opens_copies_and_for_an_author_the_chapters(
    clone: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch, words: list[str], folder: str, made: bool
) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(clone, "hand_over", lambda command: handed.append(command) or 0)
    monkeypatch.chdir(clone.ROOT)
    assert clone.main(words) == 0
    copies = [str(clone.VENV_PYTHON), str(clone.ROOT / "tools" / "learners_copy.py"), str(clone.ROOT / folder)]
    assert handed[:-1] == ([copies] if made else [])
    assert f"--ServerApp.root_dir={clone.ROOT / folder}" in handed[-1]


def test_lab_opens_nothing_where_the_copies_cannot_be_made(
    clone: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(clone, "hand_over", lambda command: handed.append(command) or 1)
    assert clone.main(["lab"]) == 1
    assert len(handed) == 1


@pytest.fixture
def graded(clone: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], Path]]:
    """What `grade` hands over, and in which folder; the clone has one chapter."""
    (clone.ROOT / "grading").mkdir()
    (clone.ROOT / "grading" / "requirements.txt").write_text("nbgrader==0.9.6\n")
    (clone.ROOT / "notebooks" / "01_first.ipynb").write_text("first edition")
    handed: list[tuple[list[str], Path]] = []

    def hand_over(command: list[str], folder: Path, **environment: str) -> int:
        assert environment == clone.grading_environment()
        handed.append((command, folder))
        return 130

    monkeypatch.setattr(clone, "hand_over", hand_over)
    monkeypatch.chdir(clone.ROOT)
    return handed


@pytest.mark.parametrize(
    ("words", "folder"), [(["grade"], "my_class"), (["grade", "--folder", "elsewhere"], "elsewhere")]
)
def test_grade_has_nbgrader_do_what_follows_in_the_folder_of_the_class(
    clone: ModuleType, graded: list[tuple[list[str], Path]], words: list[str], folder: str
) -> None:
    assert clone.main([*words, "--", "autograde", "01_first", "--force"]) == 130
    nbgrader = [str(clone.VENV_PYTHON), "-m", "nbgrader", "autograde", "01_first", "--force"]
    assert graded == [(nbgrader, clone.ROOT / folder)]


def test_grade_alone_opens_the_class_in_jupyterlab_until_ctrl_c(
    clone: ModuleType, graded: list[tuple[list[str], Path]]
) -> None:
    assert clone.main(["grade"]) == 0
    [(command, folder)] = graded
    assert command[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={folder}" in command


def test_a_chapter_that_a_class_has_stays_as_it_was_handed_out(
    clone: ModuleType, graded: list[tuple[list[str], Path]]
) -> None:
    clone.main(["grade"])
    given = clone.ROOT / "my_class" / "source" / "01_first" / "01_first.ipynb"
    assert given.read_text() == "first edition"
    (clone.ROOT / "notebooks" / "01_first.ipynb").write_text("second edition")
    (clone.ROOT / "notebooks" / "02_second.ipynb").write_text("first edition, too")
    clone.main(["grade"])
    assert given.read_text() == "first edition"
    assert (clone.ROOT / "my_class" / "source" / "02_second" / "02_second.ipynb").exists()


def test_nbgrader_is_installed_once_and_apart_and_again_after_a_change(
    clone: ModuleType, graded: list[tuple[list[str], Path]], commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prefixes: list[str] = []

    def run(title: str, command: list[str], log: str) -> None:
        commands.append(log)
        prefixes.append(command[command.index("--prefix") + 1])
        clone.NBGRADER.mkdir(parents=True)

    monkeypatch.setattr(clone, "ensure_environment", lambda: None)
    monkeypatch.setattr(clone, "run", run)
    for words in (["grade"], ["grade"], ["grade", "--", "export"]):
        clone.main(words)
    assert commands == ["nbgrader"]
    (clone.ROOT / "grading" / "requirements.txt").write_text("nbgrader==0.9.7\n")
    clone.main(["grade"])
    assert commands == ["nbgrader", "nbgrader"]
    assert set(prefixes) == {str(clone.BUILD / "nbgrader")}


def test_the_tests_that_need_the_book_build_it_beside_the_others(
    clone: ModuleType, commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clone, "hand_over", lambda command: 0)
    for words in (["test"], ["test", "--quick"], ["test", "--", "-x"]):
        assert clone.main(words) == 0
    assert "book" not in commands


@pytest.mark.parametrize(("cores", "workers"), [(1, None), (2, "2"), (64, "4")])
def test_a_whole_run_uses_the_cores_that_there_are(
    clone: ModuleType, monkeypatch: pytest.MonkeyPatch, cores: int, workers: str | None
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    options = clone.on_all_cores()
    assert options[-1] == "--durations=20"
    assert options[:-1] == (["-n", workers, "--dist=loadfile", "--no-loadscope-reorder"] if workers else [])


def test_handing_over_returns_the_status_of_the_program(clone: ModuleType) -> None:
    assert clone.hand_over(python("raise SystemExit(7)")) == 7


# --- the server ------------------------------------------------------------------------------------------


@pytest.fixture
def served(clone: ModuleType) -> Iterator[tuple[Path, int]]:
    """A folder that is being served, and the port."""
    folder = clone.ROOT / "site – é"
    folder.mkdir()
    with clone.make_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder, server.server_address[1]
        server.shutdown()
        thread.join()


def get(port: int, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status != 200 or answer.headers["Cache-Control"] == "no-cache"
        return answer.status, answer.headers.get("Content-Type", ""), answer.read()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pyodide.asm.wasm", "application/wasm"),
        ("pyodide.mjs", "text/javascript"),
        ("theme.js", "text/javascript"),
        ("otp_mini-0.1.0-py3-none-any.whl", "application/octet-stream"),
        ("python_stdlib.zip", "application/zip"),
        ("page.html", "text/html; charset=utf-8"),
        ("course.css", "text/css"),
        ("picture.svg", "image/svg+xml"),
        ("font.woff2", "font/woff2"),
        ("lock.json", "application/json"),
        ("chapter.ipynb", "application/json"),
        ("chapter.livemd", "text/markdown; charset=utf-8"),
        ("unheard.of", "application/octet-stream"),
    ],
)
def test_a_file_is_served_with_the_type_that_a_browser_wants(served: tuple[Path, int], name: str, kind: str) -> None:
    folder, port = served
    (folder / name).write_bytes(b"content")
    assert get(port, "/" + name) == (200, kind, b"content")


def test_the_first_page_is_the_index_and_a_missing_one_is_said_to_be_missing(served: tuple[Path, int]) -> None:
    folder, port = served
    (folder / "index.html").write_text("hello")
    assert get(port, "/")[::2] == (200, b"hello")
    assert get(port, "/no-such-page.html")[0] == 404


def test_nothing_outside_the_folder_is_served(served: tuple[Path, int]) -> None:
    folder, port = served
    (folder.parent / "secret.txt").write_text("secret")
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/x/../../secret.txt"):
        assert get(port, path)[0] == 404


@posix_only
def test_read_prints_an_address_that_answers_and_ends_on_ctrl_c(clone: ModuleType) -> None:
    clone.HTML.mkdir(parents=True)
    (clone.HTML / "index.html").write_text("hello")
    code = """
course.ensure_environment = lambda: None
course.build_site = lambda strict: None
sys.exit(course.main(["read", "--no-browser"]))"""
    with as_program(clone, code) as program:
        assert program.stdout
        assert program.stdout.readline() == "\n"
        line = program.stdout.readline()
        assert line.startswith("The course is at http://127.0.0.1:")
        port = int(line.split(":")[2].split("/")[0])
        assert get(port, "/")[::2] == (200, b"hello")
        program.send_signal(signal.SIGINT)
        told, _ = program.communicate(timeout=A_LONG_TIME)
    assert (program.returncode, told) == (0, "\nThe server has ended.\n")

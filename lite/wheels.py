"""The Python packages of the page: fetched once, made smaller, compiled, and listed in Pyodide's lock file.

Pyodide comes with a lock file that knows several hundred packages on a server of its makers. Ours lists exactly the
wheels beside it, so that no import in a cell can make the page ask another host for anything.
"""

from __future__ import annotations

import ast
import email
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION, PYODIDE_VERSION
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
COMPILER = HERE / "compile.mjs"
LIBRARY_COMPILER = HERE / "library.mjs"
LIBRARY = "python_stdlib.zip"
OF_KERNEL = "python_kernel.zip"  # what a notebook's kernel imports of it besides
REST = "python_rest.zip"  # what few cells import of it
SITE = f"/lib/python{PYODIDE_PYTHON_VERSION}/site-packages"  # where Pyodide has packages
PACKAGE = "otp-mini"
LOCK = "pyodide-lock.json"
ROOT = HERE.parent

ENVIRONMENT = {
    "sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "extra": "",
    "python_version": PYODIDE_PYTHON_VERSION, "python_full_version": PYODIDE_PYTHON_VERSION + ".0",
    "implementation_name": "cpython", "platform_python_implementation": "CPython",
}
# The kernel looks for these before the first cell runs; what is not loaded by then it would look up on an index.
KERNEL = ("micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython")
# Dependencies that hold files for a Jupyter server and no Python that a kernel needs.
FRONT_END = {"jupyterlab-widgets", "widgetsnbextension"}
# What no cell can reach: tests, source maps, and jedi's type stubs of other people's packages.
UNUSED = re.compile(r"jedi/third_party/(django-stubs|typeshed/stubs)/|(^|/)tests?/|\.map$|\.data/|/RECORD$")


class BuildError(Exception):
    """The in-page Python cannot be built; the message is one sentence for the person who asked for it."""


@dataclass(frozen=True)
class Wheel:
    """A wheel and what its metadata says."""

    path: Path
    name: str
    version: str
    licence: str
    depends: tuple[str, ...]
    imports: tuple[str, ...]


@dataclass(frozen=True)
class NpmPackage:
    """A package of npm's at one version, and which of its files the page needs."""

    title: str
    name: str
    version: str
    sha256: str  # of the archive that npm packs
    files: tuple[str, ...]


PYODIDE = NpmPackage(
    "Pyodide", "pyodide", PYODIDE_VERSION, "d78ac549b28a2a58600cd06f44e017024151775f8c6b2d73fab1475400d38ea2",
    ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", LIBRARY, LOCK))
VIZ = NpmPackage(
    "viz.js", "@viz-js/viz", "3.31.0", "7dc0189874849cca2fed7cbe88bf334cd0e6e012db16657794a812ad6f2b8c70",
    ("dist/viz.js",))
# What is inside viz.js; lib/provenance.json of its package says from which sources it was made.
INSIDE_VIZ = (("Graphviz", "16.1.0", "EPL-2.0"), ("Expat", "2.8.5", "MIT"))


def fetch(package: NpmPackage, cache: Path, npm: str) -> Path:
    """Answer the folder that holds the package's files; npm is asked only when the cache has none."""
    folder = cache / f"{package.name.rpartition('/')[2]}-{package.version}"
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=cache) as name:
        temporary = Path(name)
        command = [npm, "pack", f"{package.name}@{package.version}", "--silent"]
        run(command, f"npm could not fetch {package.title}", cwd=temporary)
        (archive,) = temporary.glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
            raise BuildError(f"{archive.name} is not the archive that wheels.py expects (its SHA-256 differs).")
        unpacked = temporary / "unpacked"
        unpacked.mkdir()
        with tarfile.open(archive) as tar:
            for file in package.files:
                member = tar.extractfile(f"package/{file}")
                assert member is not None
                (unpacked / Path(file).name).write_bytes(member.read())
        unpacked.rename(folder)
    return folder


def fetch_wheels(cache: Path, requirements: Path) -> Path:
    """Answer the folder with the wheels that `requirements` names; pip is asked only when the cache has none."""
    folder = cache / f"wheels-{digest(requirements.read_bytes())}"
    if folder.exists():
        return folder
    with tempfile.TemporaryDirectory(dir=cache) as name:
        unfinished = Path(name) / "wheels"
        run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
              "--only-binary=:all:", "--python-version", PYODIDE_PYTHON_VERSION, "--implementation", "py",
              "--abi", "none", "--platform", "any", "--dest", unfinished, "--requirement", requirements],
             "pip could not fetch the packages of lite/requirements.txt")
        unfinished.rename(folder)
    return folder


def build_package(source: Path, folder: Path) -> Path:
    """Build the wheel of otp_mini from `source` into `folder`: without network, and `source` stays as it is."""
    script = "import sys; from flit_core import buildapi; buildapi.build_wheel(sys.argv[1])"
    folder.mkdir()
    run([sys.executable, "-c", script, folder], "The wheel of otp_mini could not be built", cwd=source)
    (wheel,) = folder.glob("*.whl")
    return wheel


def kernel_wheels() -> list[Path]:
    """Answer the wheels that come with JupyterLite's kernel; some stand in for packages that cannot run there."""
    folder = Path(sys.prefix, "share", "jupyter", "labextensions", "@jupyterlite", "pyodide-kernel-extension")
    found = sorted(folder.glob("static/pypi/*.whl"))
    if not found:
        raise BuildError("jupyterlite-pyodide-kernel is not installed beside this Python.")
    return found


def describe(path: Path) -> Wheel:
    """Read a wheel's metadata."""
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        # Some wheels have METADATA with CR LF: the parser of e-mail headers reads both.
        meta = email.message_from_bytes(wheel.read(metadata))
    wanted = [Requirement(text) for text in meta.get_all("Requires-Dist", [])]
    depends = {canonicalize_name(r.name) for r in wanted if r.marker is None or r.marker.evaluate(ENVIRONMENT)}
    modules = {m[1] for name in names if (m := re.match(r"([A-Za-z_]\w*)(?:/__init__)?\.py$", name))}
    return Wheel(path, canonicalize_name(meta["Name"]), meta["Version"], licence(meta),
                 tuple(sorted(depends - FRONT_END)), tuple(sorted(modules)))


def licence(meta: Any) -> str:
    """Answer the licence that a package's metadata state, in one line; "" where they state none."""
    classifiers = [text for text in meta.get_all("Classifier", []) if text.startswith("License ::")]
    stated = meta["License-Expression"] or meta["License"] or "".join(classifiers[:1]).rpartition(" :: ")[2]
    return str(stated).strip().partition("\n")[0]


def needed(wheels: Iterable[Wheel], roots: Iterable[str]) -> list[Wheel]:
    """Answer `roots` and all they depend on, sorted by name."""
    found = {wheel.name: wheel for wheel in wheels}
    todo, keep = [(root, "lite/wheels.py") for root in roots], {}
    while todo:
        name, wanted_by = todo.pop()
        if name in keep:
            continue
        if name not in found:
            raise BuildError(f"{wanted_by} needs {name}, which lite/requirements.txt does not name.")
        keep[name] = found[name]
        todo += [(dependency, name) for dependency in found[name].depends]
    return [keep[name] for name in sorted(keep)]


def required(requirements: Path) -> list[str]:
    """Answer the names of the packages in a requirements file."""
    lines = (line.partition("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    return [canonicalize_name(Requirement(line).name) for line in lines if line]


def slim(wheel: Wheel, folder: Path) -> Path:
    """Copy a wheel into `folder` without what no cell can reach; the same input gives the same bytes."""
    data = io.BytesIO()
    with zipfile.ZipFile(wheel.path) as source, zipfile.ZipFile(data, "w") as target:
        for name in sorted(source.namelist()):
            if not name.endswith("/") and not UNUSED.search(name):
                target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED, 9)
    out = folder / wheel.path.name
    out.write_bytes(data.getvalue())
    return out


def compiled(keep: list[Wheel], cache: Path, pyodide: Path, npm: str) -> list[tuple[Path, Wheel]]:
    """Answer each wheel with the file to serve: slim and compiled, from the cache where it was made before.

    Beside that of our own package lies a folder of its name with what is fetched later, if at all.
    """
    folder = cache / "compiled"
    folder.mkdir(exist_ok=True)
    compiler = COMPILER.read_bytes() + PYODIDE_VERSION.encode()
    with tempfile.TemporaryDirectory(dir=cache) as name:
        todo = Path(name)
        made: list[tuple[Path, Wheel]] = []
        for wheel in keep:
            slimmed = slim(wheel, todo)
            done = folder / digest(compiler + slimmed.read_bytes()) / slimmed.name
            made.append((done, wheel))
            if done.exists():
                slimmed.unlink()
        if any(todo.iterdir()):
            run([node_beside(npm), COMPILER, pyodide, todo, PACKAGE], "Node could not compile the packages")
        for done, _ in made:
            if not done.exists():
                done.parent.mkdir(exist_ok=True)
                if (late := todo / done.stem).exists():
                    late.rename(done.with_suffix(""))
                (todo / done.name).rename(done)
    return made


def library(cache: Path, pyodide: Path, npm: str, readers: Iterable[Path]) -> list[Path]:
    """Answer the three parts of the standard library (library.mjs), from the cache where they were made before.

    Args:
        cache: the folder in which they stay.
        pyodide: the folder with Pyodide's own.
        npm: the npm beside which Node is.
        readers: the files of Python whose imports are to be in the part that each start loads.
    """
    names = sorted(imported(readers))
    made_of = LIBRARY_COMPILER.read_bytes() + (pyodide / LIBRARY).read_bytes() + " ".join(names).encode()
    folder = cache / "compiled" / digest(made_of)
    parts = [folder / name for name in (LIBRARY, OF_KERNEL, REST)]
    if not parts[-1].exists():
        folder.mkdir(exist_ok=True)
        unfinished = [folder / f"unfinished {path.name}" for path in parts]
        run([node_beside(npm), LIBRARY_COMPILER, pyodide, *unfinished, *names],
            "Node could not compile the standard library")
        for made, path in zip(unfinished, parts, strict=True):
            made.rename(path)
    return parts


def imported(readers: Iterable[Path]) -> set[str]:
    """Answer the modules of the standard library that these files import, wherever in them."""
    found = set()
    for node in (node for path in readers for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module)
    return {name for name in found if name.partition(".")[0] in sys.stdlib_module_names}


def node_beside(npm: str) -> str:
    """Answer the Node that belongs to the npm that was given."""
    found = shutil.which(npm)
    beside = shutil.which("node", path=str(Path(found).parent)) if found else None
    return beside or shutil.which("node") or "node"


def hashed_name(path: Path) -> str:
    """Answer the wheel's name with a hash of its content as the build number (which starts with a digit)."""
    name, version, tags = path.name.split("-", 2)
    return f"{name}-{version}-0x{digest(path.read_bytes())}-{tags}"


def lock(original: Path, wheels: dict[Path, Wheel]) -> dict[str, Any]:
    """Answer Pyodide's lock with `wheels` in place of its own packages.

    None depends on another there: whoever starts Python names all that it needs at once, and the rest is fetched by the
    first import (late.py).
    """
    packages = {}
    for path, wheel in wheels.items():
        packages[wheel.name] = {
            "name": wheel.name, "version": wheel.version, "file_name": path.name, "install_dir": "site",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "package_type": "package",
            "unvendored_tests": False, "imports": list(wheel.imports), "depends": []}
    document: dict[str, Any] = json.loads(original.read_text(encoding="utf-8"))
    return document | {"packages": packages}


def digest(data: bytes) -> str:
    """Answer the short hash that stands in file names."""
    return hashlib.sha256(data).hexdigest()[:8]


def run(command: list[Any], problem: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Run a command quietly; where it fails, say `problem` and the last line that it printed."""
    program = shutil.which(str(command[0]))  # on Windows npm is npm.cmd, which only its whole name starts
    if program is None:
        raise BuildError(f"{problem}: there is no {command[0]} on this machine.")
    done = subprocess.run(
        [program, *map(str, command[1:])], cwd=cwd, env=env, check=False, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        lines = done.stdout.strip().splitlines() or [f"status {done.returncode}"]
        raise BuildError(f"{problem}: {lines[-1].strip()}")

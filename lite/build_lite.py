"""Build the part of the book that runs Python in the page.

    python lite/build_lite.py _build/html/lite

What comes out is a folder of static files: JupyterLite's notebook application, Pyodide, otp_mini with the packages of
lite/requirements.txt, and a live copy of every notebook. It asks for nothing outside itself.

Pyodide and viz.js come from npm (the command's name can be given: --npm, or the environment variable NPM); all that was
fetched stays in .lite/cache, so that building again needs no network. The new folder takes the place of the old one
only when it is complete: a failure leaves the old one alone, says one sentence and ends with status 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any

import archives
import page_scripts
import patches
import wheels
from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION, PYODIDE_VERSION
from live_notebooks import LiveNotebook, live_notebook
from wheels import HERE, ROOT, BuildError, Wheel, digest

REQUIREMENTS = HERE / "requirements.txt"
START = HERE / "start.mjs"  # what the kernel loads in place of Pyodide's own pyodide.mjs, with the next two
TURNS, LATE = HERE / "turns.mjs", HERE / "late.py"
KERNEL = HERE / "notebook.mjs"  # the worker of a notebook's kernel
EARLY = HERE / "early.js"  # makes that worker, in the page of the application
IN_PLACE = HERE / "in_place.py"  # runs the cells of a page, where no Jupyter is
STORAGE = "otp-patterns"  # the name under which a browser keeps the readers' edits: never change it
# IndexedDB, localStorage, and for a browser that keeps nothing of a site memory, for as long as the page is open.
DRIVERS = ["asyncStorage", "localStorageWrapper", "memoryStorageDriver"]
EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")
KERNEL_PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"
PAGE = "static/page"  # the front end of those cells; page.json there names its files
NO_TIME = "1980-01-01T00:00:00Z"  # the same input gives the same bytes

# No file of a notebook is shared with the kernel, so none of the service worker's work is needed. Without it there is
# nothing that could answer with a file of an older release.
DISABLED = ["@jupyterlite/application-extension:service-worker-manager"]
SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 5},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": False},
    "@jupyter-notebook/application-extension:top": {"visible": "no"},
}


def build(out: Path, notebooks: Path, package: Path, cache: Path, npm: str) -> None:
    """Build into a temporary folder beside the cache, then let it take the place of `out`."""
    began = time.monotonic()
    cache.mkdir(parents=True, exist_ok=True)
    copies = [read_notebook(path) for path in sorted(notebooks.glob("*.ipynb"))]
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix="building-") as name:
        work = Path(name)
        site = work / "site"
        packages, pyodide, viz = collect(work, package, cache, npm)
        readers = [*(package / "otp_mini").rglob("*.py"), IN_PLACE, LATE]
        near, *library = wheels.library(cache, pyodide, npm, readers)
        modules = page_scripts.fetch(cache, npm)
        say("JupyterLite")
        application(site, work)
        locked = place_python(site, pyodide, packages)
        late = archives.place(locked.parent, viz, library, [path.with_suffix("") for path, _ in packages])
        start = place_start(locked.parent, near, late)
        place_kernel(site, start, locked)
        bundled = place_page(site, modules, npm)
        place_notebooks(site, copies)
        configure(site, start, locked, copies)
        credit(site, [wheel for _, wheel in packages], bundled)
        check(site)
        swap(site, out)
    say(f"done in {time.monotonic() - began:.0f} s: {megabytes(out):.0f} MB, {len(copies)} notebook(s)")


def read_notebook(path: Path) -> LiveNotebook:
    try:
        return live_notebook(path)
    except (KeyError, ValueError) as error:  # not JSON, not a notebook, or an exercise whose marks do not match
        raise BuildError(f"{path.name} cannot be read: {error!r}") from error


def collect(work: Path, package: Path, cache: Path, npm: str) -> tuple[list[tuple[Path, Wheel]], Path, Path]:
    """Answer the packages of the page, ready to be served, and the folders with Pyodide's own files and with viz.js."""
    say(f"Pyodide {PYODIDE_VERSION}, viz.js {wheels.VIZ.version}")
    pyodide, viz = wheels.fetch(wheels.PYODIDE, cache, npm), wheels.fetch(wheels.VIZ, cache, npm)
    say("the packages of lite/requirements.txt")
    fetched = sorted(wheels.fetch_wheels(cache, REQUIREMENTS).glob("*.whl"))
    own = wheels.build_package(package, work / "package")
    # A later one wins: the kernel's stand-ins take the place of what pip fetched.
    found = [wheels.describe(path) for path in [*fetched, own, *wheels.kernel_wheels()]]
    keep = wheels.needed(found, [*wheels.KERNEL, *wheels.required(REQUIREMENTS), wheels.PACKAGE])
    say("their bytecode")
    return wheels.compiled(keep, cache, pyodide, npm), pyodide, viz


def application(site: Path, work: Path) -> None:
    """Let JupyterLite lay out its notebook application and the extensions that the page needs."""
    # A fresh folder: JupyterLite keeps a record of its last build there, and an old record makes it leave steps out.
    folder = work / "jupyterlite"
    folder.mkdir()
    extensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    missing = [name for name in EXTENSIONS if not (extensions / name / "package.json").exists()]
    if missing:
        raise BuildError(f"{', '.join(missing)} is not installed beside this Python.")
    settings = {
        "apps": ["notebooks"], "output_dir": str(site), "source_date_epoch": 315532800, "ignore_sys_prefix": True,
        "federated_extensions": [str(extensions / name) for name in EXTENSIONS], "no_libarchive": True,
        "no_sourcemaps": True, "no_unused_shared_packages": True}
    write_json(folder / "jupyter_lite_config.json", {"LiteBuildConfig": settings})
    wheels.run([sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", folder],
               "JupyterLite could not be built", cwd=folder)
    for leftover in site.glob("rspack.config*.js"):
        leftover.unlink()
    try:
        patches.apply(site)
    except patches.PatchError as error:
        raise BuildError(str(error)) from None


def place_python(site: Path, pyodide: Path, packages: list[tuple[Path, Wheel]]) -> Path:
    """Copy Pyodide and the packages; answer the path of the lock file that lists them.

    Every name here tells what the file holds, by a version or by a hash: a browser that keeps an old file never takes
    it for the new one.
    """
    folder = site / "static" / f"pyodide-{PYODIDE_VERSION}"
    folder.mkdir(parents=True)
    for file in wheels.PYODIDE.files:
        if file not in (wheels.LOCK, wheels.LIBRARY):
            shutil.copyfile(pyodide / file, folder / file)
    placed = {}
    for path, wheel in packages:
        target = folder / wheels.hashed_name(path)
        shutil.copyfile(path, target)
        placed[target] = wheel
    text = json.dumps(wheels.lock(pyodide / wheels.LOCK, placed), indent=1, sort_keys=True)
    lock = folder / f"pyodide-lock.{digest(text.encode())}.json"
    write_text(lock, text)
    return lock


def place_start(folder: Path, library: Path, late: dict[str, Any]) -> Path:
    """Put the standard library beside Pyodide, and what starts them; answer the path of that."""
    text = archives.told_to_start(START.read_text(encoding="utf-8"), LATE, late)
    for path in (library, TURNS):
        text = text.replace(f"./{path.name}", archives.put(folder, path))
    start = folder / f"start.{digest(text.encode())}.mjs"
    write_text(start, text)
    return start


def place_kernel(site: Path, start: Path, lock: Path) -> None:
    """Put the worker of notebooks beside Pyodide, and have the application's page make it at once."""
    [worker] = site.glob("extensions/@jupyterlite/pyodide-kernel-extension/static/comlink.worker.*.js")
    names = sorted(read_json(lock)["packages"])
    text = KERNEL.read_text(encoding="utf-8").replace('"PACKAGES"', json.dumps(names))
    for mark, path in (("KERNEL_WORKER", worker), ("START", start), ("LOCK", lock)):
        text = text.replace(f'"{mark}"', json.dumps("./" + Path(os.path.relpath(path, start.parent)).as_posix()))
    made = start.parent / f"notebook.{digest(text.encode())}.mjs"
    write_text(made, text)
    script = EARLY.read_text(encoding="utf-8")
    patches.apply(site, (patches.early(script, f"../{made.relative_to(site).as_posix()}"),))


def place_page(site: Path, modules: Path, npm: str) -> list[tuple[str, str, str]]:
    """Put the front end of the page's own cells in place, and its names into page.json; answer the packages in it."""
    folder = site / PAGE
    folder.mkdir(parents=True)
    names, bundled = page_scripts.bundle(modules, folder, npm)
    write_json(folder / "page.json", {entry: f"{PAGE}/{name}" for entry, name in names.items()})
    return bundled


def place_notebooks(site: Path, copies: list[LiveNotebook]) -> None:
    """Write the live notebooks where JupyterLite looks for files."""
    for notebook in copies:
        write_text(site / "files" / notebook.path, notebook.text)


def configure(site: Path, start: Path, lock: Path, copies: list[LiveNotebook]) -> None:
    """Write the configuration of the application, and live.json for the pages of the book."""
    listing = contents(copies)
    listed = f"all.{digest(json.dumps(listing).encode())}.json"
    shutil.rmtree(site / "api" / "contents", ignore_errors=True)
    write_json(site / "api" / "contents" / listed, listing)
    file = site / "jupyter-lite.json"
    document = read_json(file)
    config = document["jupyter-config-data"]
    config |= {
        "appName": "OTP patterns in Python", "appUrl": "..", "contentsStorageName": STORAGE,
        "settingsStorageName": f"{STORAGE} settings", "workspacesStorageName": f"{STORAGE} workspaces",
        "contentsAllJsonFile": listed, "disabledExtensions": DISABLED, "exposeAppInBrowser": True,
        "settingsOverrides": SETTINGS, "enableMemoryStorage": True,
        **{f"{kept}StorageDrivers": DRIVERS for kept in ("contents", "settings", "workspaces")}}
    names = sorted(read_json(lock)["packages"])
    config["litePluginSettings"][KERNEL_PLUGIN] |= {
        "pyodideUrl": f"./{start.relative_to(site).as_posix()}",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": lock.relative_to(site).as_posix(), "packages": names,
                               "early": ["kernel"]}}
    write_json(file, document)
    write_json(site / "live.json", {
        "storage": STORAGE,
        "release": digest(file.read_bytes()),
        "python": {"start": start.relative_to(site).as_posix(), "lock": lock.relative_to(site).as_posix(),
                   "packages": [wheels.PACKAGE]},
        "page": read_json(site / PAGE / "page.json"),
        "notebooks": {notebook.stem: notebook.path for notebook in copies}})


def credit(site: Path, packages: list[Wheel], bundled: list[tuple[str, str, str]]) -> None:
    """Write down what other people made, with version and licence."""
    core, kernel = "jupyterlite-core", "jupyterlite-pyodide-kernel"
    kernel_licence = wheels.licence(metadata(kernel))  # its stand-ins state none of their own
    lines = [
        "Made by others and served in this folder. The texts of the licences are inside the packages, and for the",
        "parts of JupyterLite in build/third-party-licenses.json. Of Python's standard library, what each start",
        "imports is compiled here; packages come without their tests and without files that no cell can reach.",
        "",
        f"Pyodide {PYODIDE_VERSION}: MPL-2.0",
        f"CPython {PYODIDE_PYTHON_VERSION}, inside Pyodide: PSF-2.0",
        f"{wheels.VIZ.name} {wheels.VIZ.version}: MIT",
        *(f"{name} {released}, inside viz.js: {terms}" for name, released, terms in wheels.INSIDE_VIZ),
        f"JupyterLite {version(core)}: {wheels.licence(metadata(core))}",
    ]
    for name in EXTENSIONS:
        package = read_json(site / "extensions" / name / "package.json")
        lines.append(f"{name} {package['version']}, inside JupyterLite: {package['license']}")
    lines += [f"{wheel.name} {wheel.version}: {wheel.licence or kernel_licence}"
              for wheel in packages if wheel.name != wheels.PACKAGE]
    lines += [f"{name} {released}, inside editor.js: {terms}" for name, released, terms in bundled]
    write_text(site / "third-party.txt", "\n".join(lines) + "\n")


def contents(copies: list[LiveNotebook]) -> dict[str, Any]:
    """Answer the listing of the folder with the live notebooks, as Jupyter's contents API gives it."""
    common = {"created": NO_TIME, "last_modified": NO_TIME, "writable": True, "content": None, "format": None}
    listed = [common | {"name": notebook.path, "path": notebook.path, "type": "notebook", "mimetype": None,
                        "size": len(notebook.text.encode())} for notebook in copies]
    return common | {"name": "", "path": "", "type": "directory", "mimetype": None, "size": None,
                     "content": listed, "format": "json"}


def check(site: Path) -> None:
    """Refuse a site in which something is missing, or that would ask for something outside itself."""
    kernel = read_json(site / "jupyter-lite.json")["jupyter-config-data"]["litePluginSettings"][KERNEL_PLUGIN]
    options = kernel["loadPyodideOptions"]
    lock = site / options["lockFileURL"]
    if not lock.is_file():
        raise BuildError(f"{options['lockFileURL']} is not a file of the built folder.")
    packages = read_json(lock)["packages"]
    loaded = set(options["packages"])
    if not kernel["disablePyPIFallback"] or loaded != set(packages) or not loaded.issuperset(wheels.KERNEL):
        raise BuildError("the kernel would look for packages outside the book.")
    folder = Path(options["lockFileURL"]).parent.as_posix()
    named = [kernel["pyodideUrl"], f"{folder}/pyodide.mjs"]
    named += [f"{folder}/{package['file_name']}" for package in packages.values()]
    live = read_json(site / "live.json")
    named += [f"files/{path}" for path in live["notebooks"].values()]
    named += [live["python"]["start"], live["python"]["lock"], *live["page"].values()]
    if not loaded.issuperset(live["python"]["packages"]):
        raise BuildError("the cells of a page would look for packages outside the book.")
    for name in named:
        if "//" in name or not (site / name).is_file():
            raise BuildError(f"{name} is not a file of the built folder.")


def swap(site: Path, out: Path) -> None:
    """Put the new folder in the place of the old one."""
    out.parent.mkdir(parents=True, exist_ok=True)
    old = site.with_name("old")
    if out.exists():
        move(out, old)
    try:
        move(site, out)
    except BaseException:
        if old.exists():
            move(old, out)
        raise


def move(source: Path, target: Path) -> None:
    shutil.move(str(source), str(target))  # a rename, where both are on one disk


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")  # the same bytes on every system


def megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def say(text: str) -> None:
    print(f"  in-page Python: {text}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, help="the folder to build, for example _build/html/lite")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks", help="the folder with the chapters")
    parser.add_argument("--package", type=Path, default=ROOT, help="the folder with otp_mini and its pyproject.toml")
    parser.add_argument("--cache", type=Path, default=ROOT / ".lite" / "cache", help="what was fetched stays here")
    parser.add_argument("--npm", default=os.environ.get("NPM") or "npm", help="the npm that fetches Pyodide")
    chosen = parser.parse_args(arguments)
    out, notebooks, package, cache = (
        path.resolve() for path in (chosen.out, chosen.notebooks, chosen.package, chosen.cache))
    try:
        build(out, notebooks, package, cache, chosen.npm)
    except BuildError as error:
        sentence = str(error)
    except OSError as error:
        sentence = f"{error.strerror or error}: {error.filename}"
    else:
        return 0
    print(f"The in-page Python was not built: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

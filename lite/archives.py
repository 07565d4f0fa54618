"""What Python fetches only when something asks for it (late.py): the archives, and what start.mjs is told of them."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import wheels
from wheels import SITE, BuildError, digest

PACKAGES = ("graphviz", "tqdm")  # what otp_mini imports of others', where no Jupyter is: to draw a tree, and a bar
# What no start of a notebook imports: widgets, completion, colours of code, and the lines of a traceback. A page has
# none of it: these packages need others that are loaded in a notebook alone, and an import would fail half-way.
OF_NOTEBOOKS = (
    "anywidget", "asttokens", "executing", "ipython_pygments_lexers", "ipywidgets", "jedi", "jupyterquiz",
    "matplotlib_inline", "parso", "prompt_toolkit", "psygnal", "pure_eval", "stack_data", "typing_extensions",
    "wcwidth",
)

# viz.js as it comes is ready some time later. Python has to have it at once, in the middle of a drawing, and so seldom
# that no start shall wait for it: here each of its steps follows at once. A step that is not found once ends the build.
AT_ONCE = (
    ("async function Module(", "function Module("),
    ("import.meta.url", '""'),
    ("async function createWasm(", "function createWasm("),
    ("var result=await instantiateAsync(wasmBinary,wasmBinaryFile,info);",
     "var result={instance:new WebAssembly.Instance(new WebAssembly.Module(wasmBinaryFile),info)};"),
    ("async function run(){if(runDependencies){await resolveRunDependencies();}", "function run(){"),
    ("wasmExports=await createWasm();await run();", "wasmExports=createWasm();run();"),
    ("return Module().then(m => new Viz(m));", "return new Viz(Module());"),
    ("export { engines, formats, graphvizVersion, instance };", "return instance();"),
)


def place(folder: Path, viz: Path, library: Iterable[Path], beside: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Put the archives into the folder with Pyodide; answer what start.mjs is told of each.

    Args:
        folder: where they are served.
        viz: the folder with viz.js.
        library: the parts of the standard library that not each start loads.
        beside: the folders with what belongs to a package and is fetched later (compile.mjs).
    """
    told: dict[str, dict[str, Any]] = {"viz_js": {"file": script(folder, viz), "script": True, "modules": ["viz_js"]}}
    for path in library:
        name = path.stem.removeprefix("python_")
        told[name] = {"file": put(folder, path), "zip": f"/lib/{path.name}", "modules": modules(path)}
    for name in (*PACKAGES, *OF_NOTEBOOKS):
        [wheel] = folder.glob(f"{name}-*.whl")
        told[name] = {"file": f"./{wheel.name}", "folder": SITE, "modules": modules(wheel)}
        if name in OF_NOTEBOOKS:
            told[name]["wanted"] = True
    for path in sorted(path for each in beside for path in each.glob("*.zip")):
        file = put(folder, path)
        if path.stem == "source":
            told["source"] = {"file": file, "folder": "/lib/source", "beside": SITE, "sources": names(path, ".py")}
        else:
            told[path.stem] = {"file": file, "folder": SITE, "modules": modules(path)}
    return told


def put(folder: Path, path: Path) -> str:
    """Copy a file there; answer its name, which tells its content by a hash."""
    data = path.read_bytes()
    name = f"{path.stem}-0x{digest(data)}{path.suffix}"
    (folder / name).write_bytes(data)
    return f"./{name}"


def script(folder: Path, viz: Path) -> str:
    """Put viz.js there as the body of a function that answers what draws; answer its name."""
    text = (viz / "viz.js").read_text(encoding="utf-8")
    for step, at_once in AT_ONCE:
        if text.count(step) != 1:
            raise BuildError(f"viz.js has changed: {step!r} was found {text.count(step)} times in it.")
        text = text.replace(step, at_once)
    name = f"viz-{wheels.VIZ.version}-0x{digest(text.encode())}.js"
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return f"./{name}"


def names(path: Path, ending: str) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return sorted(name for name in archive.namelist() if name.endswith(ending))


def modules(path: Path) -> list[str]:
    """Answer the modules in a zip, by their dotted names."""
    found = (re.fullmatch(r"([^.]+?)(?:/__init__)?\.pyc?", name) for name in names(path, ""))
    return sorted(match[1].replace("/", ".") for match in found if match)


def told_to_start(text: str, late: Path, archives: dict[str, dict[str, Any]]) -> str:
    """Answer start.mjs with the archives in it, and late.py that finds them."""
    for mark, value in (('"ARCHIVES"', archives), ('"LATE.PY"', late.read_text(encoding="utf-8"))):
        if text.count(mark) != 1:
            raise BuildError(f"start.mjs has no place for {mark}.")
        text = text.replace(mark, json.dumps(value, sort_keys=True))
    return text

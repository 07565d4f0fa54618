// node library.mjs PYODIDE_DIR NEAR KERNEL REST NAME...
//
// Writes Python's standard library for the page, in three parts: NEAR is loaded at each start, KERNEL at the start of a
// notebook, REST by the first import of a module that is in it (late.py). NEAR has what a start imports and what the named
// modules import, KERNEL what a notebook's kernel imports besides.
//
// Pyodide comes with all of it as source, and compiles some hundred and fifty modules at each start: half of the reader's
// wait. Here NEAR and KERNEL are compiled once, by the same Python; REST stays as it is, for bytecode is twice as large. A compiled
// module has no source in the page: a traceback through it shows its lines by their numbers.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideDir, near, kernel, rest, ...names] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideDir, "pyodide.mjs")).href);
// A fixed hash seed: sets among the constants of a module are written in the order of their hashes.
const python = await loadPyodide({ indexURL: pyodideDir, env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.mountNodeFS("/pyodide", pyodideDir);
python.globals.set("names", python.toPy(names));
const parts = python.runPython(`
import contextlib, io, py_compile, sys, zipfile, zipimport
import encodings.cp437, importlib.metadata, shutil, tarfile   # what loading a package imports
import inspect, platform, traceback                             # what a cell, graphviz and an error need
from pathlib import Path

for name in names:
    with contextlib.suppress(ImportError):   # one that this Python does not have
        importlib.import_module(name)

def imported():
    modules = [module for module in sys.modules.values() if type(module.__loader__) is zipimport.zipimporter]
    folder = modules[0].__loader__.archive + "/"
    return folder, {module.__file__.removeprefix(folder) for module in modules}

folder, near = imported()
import argparse, html.parser, pyodide.http, sysconfig, unittest.mock, urllib.parse   # what micropip imports
import bdb, calendar, getopt, getpass, logging.config, mimetypes, numbers, pickle, pkgutil, shlex, uuid, _strptime   # IPython
kernel = imported()[1] - near

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH   # nothing in the page looks at time stamps

def compiled(name, source):
    Path("module.py").write_bytes(source)
    py_compile.compile("module.py", "module.pyc", dfile=folder + name, doraise=True, invalidation_mode=UNCHECKED)
    return Path("module.pyc").read_bytes()

parts = [io.BytesIO() for _ in range(3)]
with contextlib.ExitStack() as files:
    library = files.enter_context(zipfile.ZipFile("/pyodide/python_stdlib.zip"))
    written = [files.enter_context(zipfile.ZipFile(part, "w")) for part in parts]
    for name in sorted(library.namelist()):
        if name.endswith("/"):
            continue
        content, part = library.read(name), 0 if name in near else 1 if name in kernel else 2
        if part < 2:
            name, content = name + "c", compiled(name, content)
        written[part].writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
[part.getvalue() for part in parts]
`);
[near, kernel, rest].forEach((path, at) => writeFileSync(path, parts.get(at).toJs()));

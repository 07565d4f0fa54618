// node compile.mjs PYODIDE_DIR WHEELS_DIR KEEP_SOURCE...
//
// Compiles the wheels in WHEELS_DIR in place, with the very Python that will import them in the page: it is Pyodide,
// run here by Node. Importing compiled modules saves the reader about two seconds at each start.
// A wheel whose name is in KEEP_SOURCE keeps its .py files too, for tracebacks and for `??`. The exercises of a chapter
// have no bytecode: it is three times as large as the source, and a page needs those of one chapter.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [pyodideDir, wheels, ...keepSource] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideDir, "pyodide.mjs")).href);
// A fixed hash seed: sets among the constants of a module are written in the order of their hashes.
const python = await loadPyodide({ indexURL: pyodideDir, env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.mountNodeFS("/wheels", wheels);
python.globals.set("keep_source", python.toPy(keepSource));
python.runPython(`
import os, py_compile, re, sys, zipfile
from pathlib import Path

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH   # nothing in the page looks at time stamps

OF_ALL_CHAPTERS = r"__init__|checking|comparing|every_schedule|looking|published|surviving"
OF_ONE_CHAPTER = re.compile(rf"otp_mini/exercises/(?!(?:{OF_ALL_CHAPTERS})\\.py)\\w+\\.py")

def compiled(name, source):
    Path("module.py").write_bytes(source)
    py_compile.compile("module.py", "module.pyc", dfile=f"/lib/site-packages/{name}", doraise=True,
                       invalidation_mode=UNCHECKED)
    return Path("module.pyc").read_bytes()

def pyc_name(name, keep):
    if keep:                               # a module with its source has its bytecode in __pycache__
        folder, _, file = name.rpartition("/")
        return f"{folder}/__pycache__/{file[:-3]}.{sys.implementation.cache_tag}.pyc".lstrip("/")
    return name + "c"

def rewrite(path, keep):
    with zipfile.ZipFile(path) as wheel:
        files = {info.filename: wheel.read(info) for info in wheel.infolist()}
    out = {}
    for name, data in files.items():
        if name.endswith(".py") and not OF_ONE_CHAPTER.fullmatch(name):
            out[pyc_name(name, keep)] = compiled(name, data)
        if keep or not name.endswith(".py"):
            out[name] = data
    with zipfile.ZipFile("out.whl", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
        for name in sorted(out):
            wheel.writestr(zipfile.ZipInfo(name), out[name], zipfile.ZIP_DEFLATED, 9)
    path.write_bytes(Path("out.whl").read_bytes())

for path in sorted(Path("/wheels").glob("*.whl")):
    rewrite(path, path.name.split("-")[0].replace("_", "-") in keep_source)
`);

// node library.mjs PYODIDE_DIR OUT
//
// Writes Python's standard library for the page. Pyodide comes with it as source, and compiles some hundred and fifty
// modules at each start: half of the reader's wait. Here what a start imports is compiled once, by the same Python; the
// other modules stay as they are, for bytecode is twice as large. A compiled module has no source in the page: a
// traceback through it shows its lines by their numbers.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideDir, out] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideDir, "pyodide.mjs")).href);
// A fixed hash seed: sets among the constants of a module are written in the order of their hashes.
const python = await loadPyodide({ indexURL: pyodideDir, env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.mountNodeFS("/pyodide", pyodideDir);
const library = python.runPython(`
import inspect, sys, traceback, zipimport   # with these, all that the first cell needs

modules = [module for module in sys.modules.values() if type(module.__loader__) is zipimport.zipimporter]
folder = modules[0].__loader__.archive + "/"
started = {module.__file__.removeprefix(folder) for module in modules}

import io, py_compile, zipfile
from pathlib import Path

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH   # nothing in the page looks at time stamps

def compiled(name, source):
    Path("module.py").write_bytes(source)
    py_compile.compile("module.py", "module.pyc", dfile=folder + name, doraise=True, invalidation_mode=UNCHECKED)
    return Path("module.pyc").read_bytes()

data = io.BytesIO()
with zipfile.ZipFile("/pyodide/python_stdlib.zip") as library, zipfile.ZipFile(data, "w") as slim:
    for name in sorted(library.namelist()):
        if name.endswith("/"):
            continue
        content = library.read(name)
        if name.endswith(".py") and name in started:
            name, content = name + "c", compiled(name, content)
        slim.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
data.getvalue()
`);
writeFileSync(out, library.toJs());

// node compile.mjs PYODIDE_DIR WHEELS_DIR LATE...
//
// Compiles the wheels in WHEELS_DIR in place, with the very Python that will import them in the page: it is Pyodide,
// run here by Node. Importing compiled modules saves the reader about two seconds at each start.
// A wheel whose name is in LATE is our own: beside it comes a folder of the same name with what is fetched later, if at all
// (late.py): its source in source.zip, for tracebacks and for `??`, and the exercises of each chapter in a zip of their own.
// These have no bytecode: it is three times as large as the source, and a page needs those of one chapter.
// Beside that of Pygments lies lexers.zip: the lexers of all languages but Python.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [pyodideDir, wheels, ...late] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideDir, "pyodide.mjs")).href);
// A fixed hash seed: sets among the constants of a module are written in the order of their hashes.
const python = await loadPyodide({ indexURL: pyodideDir, env: { HOME: "/", PYTHONHASHSEED: "0" } });
python.mountNodeFS("/wheels", wheels);
python.globals.set("late", python.toPy(late));
python.runPython(`
import py_compile, re, sys, zipfile
from pathlib import Path

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH   # nothing in the page looks at time stamps
SITE = next(path for path in sys.path if path.endswith("/site-packages"))   # from where the page will import them

OF_ALL_CHAPTERS = r"__init__|checking|comparing|every_schedule|looking|published|surviving"
OF_ONE_CHAPTER = re.compile(rf"otp_mini/exercises/(?!(?:{OF_ALL_CHAPTERS})\\.py)(\\w+)\\.py")

OTHER_LEXERS = re.compile(r"pygments/lexers/(?!(?:__init__|_mapping|python)\\.py)\\w+\\.py")

def compiled(name, source):
    Path("module.py").write_bytes(source)
    py_compile.compile("module.py", "module.pyc", dfile=f"{SITE}/{name}", doraise=True, invalidation_mode=UNCHECKED)
    return Path("module.pyc").read_bytes()

def write(path, files):
    with zipfile.ZipFile("out.zip", "w") as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED, 9)
    path.write_bytes(Path("out.zip").read_bytes())

def rewrite(path, own):
    with zipfile.ZipFile(path) as wheel:
        files = {info.filename: wheel.read(info) for info in wheel.infolist()}
    source = {name: files.pop(name) for name in list(files) if name.endswith(".py")}
    if own:
        folder = path.with_suffix("")
        folder.mkdir()
        for name in filter(OF_ONE_CHAPTER.fullmatch, list(source)):
            write(folder / f"{OF_ONE_CHAPTER.fullmatch(name)[1]}.zip", {name: source.pop(name)})
        write(folder / "source.zip", source)
    bytecode = {f"{name}c": compiled(name, data) for name, data in source.items()}
    if lexers := {name: bytecode.pop(name) for name in list(bytecode) if OTHER_LEXERS.match(name)}:
        folder = path.with_suffix("")
        folder.mkdir()
        write(folder / "lexers.zip", lexers)
    write(path, files | bytecode)

for path in sorted(Path("/wheels").glob("*.whl")):
    rewrite(path, path.name.split("-")[0].replace("_", "-") in late)
`);

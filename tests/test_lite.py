"""The build of the in-page Python: what it takes, what it makes of a notebook, and what it refuses."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION
from live_site import build, with_notebooks

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "lite"))

import archives  # noqa: E402
import build_lite  # noqa: E402 (its folder has just become one to import from)
import live_notebooks  # noqa: E402
import patches  # noqa: E402
import wheels  # noqa: E402

from tools.learners_copy import fingerprint  # noqa: E402

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;#]+)\s*(;[^#]*)?(#.*)?$")


def pins(name: str) -> dict[str, str]:
    """The packages of a requirements file; every line has to be an exact pin."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(("#", "-")):
            match = PIN.match(line.strip())
            assert match, f"{name}: not an exact pin: {line}"
            found[match[1].lower()] = match[2]
    return found


# --- what it takes ----------------------------------------------------------------------------------------------


def test_the_page_has_the_versions_that_the_course_is_tested_with() -> None:
    here, there = pins("lite/requirements.txt"), pins("constraints.txt")
    assert {name: version for name, version in here.items() if name in there} == {
        name: there[name] for name in here if name in there
    }
    assert set(here) - set(there) == {"micropip"}  # of Pyodide's makers, and of no use outside it


@pytest.mark.parametrize("name", ["ipywidgets", "anywidget", "graphviz", "jupyterquiz"])
def test_what_notebooks_import_is_in_the_page(name: str) -> None:
    assert pins("lite/requirements.txt")[name] == pins("requirements.txt")[name]


def wheel(
    folder: Path, name: str, requires: str = "", files: dict[str, str] | None = None, newline: str = "\n"
) -> Path:
    """Write a small wheel."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    meta = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: MIT\n{requires}\n".replace("\n", newline)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", meta)
        for file, text in (files or {f"{name}.py": "x = 1\n"}).items():
            archive.writestr(file, text)
    return path


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_metadata_are_read_whatever_their_line_ends(tmp_path: Path, newline: str) -> None:
    wanted = ("other>=1", 'winonly; sys_platform == "win32"', 'x; extra == "y"')
    requires = "".join(f"Requires-Dist: {each}\n" for each in wanted)
    found = wheels.describe(wheel(tmp_path, "Some_Thing", requires, newline=newline))
    assert (found.name, found.version, found.licence) == ("some-thing", "1.0", "MIT")
    assert found.depends == ("other",)
    assert found.imports == ("Some_Thing",)


def test_dependencies_are_followed_and_one_that_is_missing_is_named(tmp_path: Path) -> None:
    a = wheels.describe(wheel(tmp_path, "a", "Requires-Dist: b\n"))
    b = wheels.describe(wheel(tmp_path, "b", "Requires-Dist: a\n"))
    unused = wheels.describe(wheel(tmp_path, "unused"))
    assert [found.name for found in wheels.needed([a, b, unused], ["a"])] == ["a", "b"]
    with pytest.raises(wheels.BuildError, match=r"a needs b, which lite/requirements\.txt does not name"):
        wheels.needed([a], ["a"])


def test_a_wheel_is_made_slim_and_the_same_every_time(tmp_path: Path) -> None:
    names = ("a/__init__.py", "a/tests/test_a.py", "a/code.js", "a/code.js.map", "a-1.0.dist-info/RECORD")
    described = wheels.describe(wheel(tmp_path, "a", files=dict.fromkeys(names, "")))
    outs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        outs.append(wheels.slim(described, tmp_path / name))
    assert outs[0].read_bytes() == outs[1].read_bytes()
    assert zipfile.ZipFile(outs[0]).namelist() == ["a-1.0.dist-info/METADATA", "a/__init__.py", "a/code.js"]


def test_a_wheels_name_tells_its_content(tmp_path: Path) -> None:
    one = wheels.hashed_name(wheel(tmp_path, "a"))
    two = wheels.hashed_name(wheel(tmp_path, "a", files={"a.py": "x = 2\n"}))
    assert one != two
    assert re.fullmatch(r"a-1\.0-0x[0-9a-f]{8}-py3-none-any\.whl", one)


# --- what it makes of a notebook ------------------------------------------------------------------------------------


def code(name: str, source: str, *tags: str, outputs: Any = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
        "outputs": list(outputs),
        "execution_count": 1,
    }


def text(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


PASSED = {"output_type": "stream", "name": "stdout", "text": "passed\n"}
EXERCISE = [
    text("task", "## Exercise\n\nWrite `double`."),
    code("answer", "### BEGIN SOLUTION\ndef double(x):\n    return 2 * x\n### END SOLUTION"),
    code(
        "check", "check(double)\n### BEGIN HIDDEN TESTS\nassert double(5) == 10\n### END HIDDEN TESTS", outputs=[PASSED]
    ),
    text("hints", '<details class="hint">\n<summary>Hint 1</summary>\n\nTwice.\n\n</details>'),
]


def live(tmp_path: Path, cells: list[dict[str, Any]], name: str = "chapter") -> tuple[str, dict[str, dict[str, Any]]]:
    """The live copy of a notebook: the name of its file, and its cells by their ids, in order."""
    path = tmp_path / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    made = live_notebooks.live_notebook(path)
    return made.path, {cell["id"]: cell for cell in json.loads(made.text)["cells"]}


def test_the_live_copy_has_every_cell_and_no_output(tmp_path: Path) -> None:
    _, cells = live(tmp_path, [text("a", "# Title"), code("b", "print('passed')", outputs=[PASSED]), code("c", "2")])
    assert list(cells) == ["a", "b", "c"]
    assert [cells[name]["outputs"] for name in "bc"] == [[], []]
    assert cells["b"]["source"] == "print('passed')"


def test_an_exercise_has_its_stub_and_no_solution_that_could_bind_its_names(tmp_path: Path) -> None:
    _, cells = live(tmp_path, [*EXERCISE, text("next", "## Next")])
    assert list(cells) == ["task", "answer", "check", "hints", "next"]
    assert "raise NotImplementedError" in cells["answer"]["source"]
    assert not any("return 2 * x" in cell["source"] for cell in cells.values())


def test_run_all_goes_on_behind_an_unsolved_exercise_and_behind_nothing_else(tmp_path: Path) -> None:
    _, cells = live(tmp_path, [code("before", "1"), *EXERCISE, text("next", "## Next"), code("after", "1")])
    going_on = {name for name, cell in cells.items() if "raises-exception" in cell["metadata"].get("tags", [])}
    assert going_on == {"answer", "check"}


def test_no_hidden_test_reaches_the_page(tmp_path: Path) -> None:
    alone = code("alone", "### BEGIN HIDDEN TESTS\nassert double(7) == 14\n### END HIDDEN TESTS")
    _, cells = live(tmp_path, [*EXERCISE, alone])
    assert "HIDDEN" not in json.dumps(list(cells.values()))
    assert "double(5)" not in json.dumps(list(cells.values()))
    assert "double(7)" not in json.dumps(list(cells.values()))


@pytest.mark.parametrize("tag", ["hide-input", "hide-cell", "remove-input"])
def test_what_the_book_folds_is_folded(tmp_path: Path, tag: str) -> None:
    _, cells = live(tmp_path, [code("a", "1", tag), code("b", "1")])
    assert cells["a"]["metadata"]["jupyter"] == {"source_hidden": True}
    assert "jupyter" not in cells["b"]["metadata"]


def test_the_name_changes_with_what_the_reader_sees_and_with_nothing_else(tmp_path: Path) -> None:
    first, _ = live(tmp_path, [code("a", "1")])
    run_again, _ = live(tmp_path, [code("a", "1", outputs=[PASSED])])
    changed, _ = live(tmp_path, [code("a", "2")])
    assert re.fullmatch(r"chapter\.[0-9a-f]{8}\.ipynb", first)
    assert run_again == first
    assert changed != first


def test_the_fingerprint_is_fnv_1a() -> None:
    # A known value: live.js takes the same hash, and a browser test compares the two on a real notebook.
    assert fingerprint([]) == 0x811C9DC5
    told = [{"cell_type": "markdown", "source": "ä"}, {"cell_type": "code", "source": "  "}]
    assert fingerprint(told) == fingerprint(told[:1]) != fingerprint([])


# --- what it builds -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(live_site: Path) -> Path:
    """The live part of the site."""
    return live_site / "lite"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_input_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    build(again, npm="no-npm-is-needed-now")
    one, two = contents(built), contents(again)
    assert set(one) == set(two)
    assert [name for name in one if one[name] != two[name]] == []


def test_the_tests_other_sites_are_what_a_build_would_make(live_site: Path, tmp_path: Path) -> None:
    """Tests put other notebooks into the built site instead of building one for each."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    with_notebooks(live_site, tmp_path / "none", folder)
    again = with_notebooks(tmp_path / "none", tmp_path / "again", ROOT / "notebooks")
    assert contents(again / "lite") == contents(live_site / "lite")


def test_the_kernel_is_told_of_nothing_outside_the_site(built: Path) -> None:
    config = json.loads((built / "jupyter-lite.json").read_text(encoding="utf-8"))["jupyter-config-data"]
    assert not re.search(r"[a-z]:?//", json.dumps(config))
    kernel = config["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    lock = json.loads((built / kernel["loadPyodideOptions"]["lockFileURL"]).read_text(encoding="utf-8"))
    assert kernel["disablePyPIFallback"] is True
    assert set(kernel["loadPyodideOptions"]["packages"]) == set(lock["packages"]) >= {"otp-mini", "ipywidgets"}
    assert not re.search(r"[a-z]:?//", json.dumps(lock["packages"]))
    extensions = {extension["name"] for extension in config["federated_extensions"]}
    assert extensions == {"@jupyter-widgets/jupyterlab-manager", "@jupyterlite/pyodide-kernel-extension", "anywidget"}


def test_otp_mini_comes_as_bytecode_and_its_source_beside_it(built: Path) -> None:
    (wheel,), (source,) = built.glob("static/*/otp_mini-*.whl"), built.glob("static/*/source-*.zip")
    names = zipfile.ZipFile(wheel).namelist()
    modules = sorted(path.stem for path in (ROOT / "otp_mini").glob("*.py"))
    assert sorted(Path(name).stem for name in names if re.fullmatch(r"otp_mini/\w+\.pyc", name)) == modules
    assert [name for name in names if name.endswith(".py")] == []
    assert "otp_mini/py.typed" in names
    for name in (name for name in names if name.endswith(".pyc")):
        file = name.removesuffix("c")
        assert zipfile.ZipFile(source).read(file) == (ROOT / file).read_bytes()


def test_exercises_of_one_chapter_come_as_source_alone_each_in_a_file_of_its_own(built: Path) -> None:
    (wheel,) = built.glob("static/*/otp_mini-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    compiled = {Path(name).stem for name in names if name.startswith("otp_mini/exercises/")}
    package = ast.parse((ROOT / "otp_mini" / "exercises" / "__init__.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(package) if isinstance(node, ast.ImportFrom) and node.level == 1}
    assert compiled >= imported | {"__init__"}
    assert compiled & {topic.stem for topic in chapters_checks()} == set()
    for topic in chapters_checks():
        [alone] = built.glob(f"static/*/{topic.stem}-0x*.zip")
        assert zipfile.ZipFile(alone).namelist() == [f"otp_mini/exercises/{topic.name}"]


def chapters_checks() -> list[Path]:
    """The modules that a chapter imports as its exercises."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb"))
    names = set(re.findall(r"from otp_mini\.exercises import (\w+) as exercises", text))
    assert len(names) >= 11
    return [ROOT / "otp_mini" / "exercises" / f"{name}.py" for name in names]


STARTED = """
const [start, folder, lock] = process.argv.slice(1);
const { loadPyodide } = await import(`file://${start}`);
const python = await loadPyodide({ indexURL: folder, lockFileURL: folder + lock });
const files = python.runPython(`
import sys
[m.__file__ for m in sys.modules.values() if type(m.__loader__).__name__ == "zipimporter"]
`);
console.log(files.toJs().join(" "));
process.exit(0);
"""


def test_what_a_start_imports_of_the_library_is_compiled_and_nothing_is_missing(built: Path, node: str) -> None:
    parts = ("stdlib", "kernel", "rest")
    near, kernel, rest = (zipfile.ZipFile(next(built.glob(f"static/*/python_{part}-*.zip"))) for part in parts)
    original = zipfile.ZipFile(ROOT / ".lite" / "cache" / f"pyodide-{PYODIDE_VERSION}" / "python_stdlib.zip")
    files = [name for name in original.namelist() if not name.endswith("/")]
    bytecode = [*near.namelist(), *kernel.namelist()]
    assert sorted([*(name.removesuffix("c") for name in bytecode), *rest.namelist()]) == sorted(files)
    assert all(rest.read(name) == original.read(name) for name in rest.namelist())
    compiled = set(near.namelist())
    assert compiled >= {"asyncio/tasks.pyc", "inspect.pyc", "traceback.pyc", "typing.pyc", "pyodide/code.pyc"}
    assert all(name.endswith(".pyc") for name in bytecode)
    assert len(bytecode) < 250, "bytecode is twice as large as source"
    folder = Path(str(near.filename)).parent
    run = [node, "--no-warnings", "--input-type=module", "--eval", STARTED, str(next(folder.glob("start.*.mjs")))]
    run += [f"{folder}/", next(folder.glob("pyodide-lock.*.json")).name]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert len(told) > 100
    assert [file for file in told if not file.endswith(".pyc")] == []


BEGUN = """
import fs, { readFileSync } from "node:fs";
const [start, folder, lock, broken] = process.argv.slice(1);
process.on("unhandledRejection", () => {}); // Pyodide leaves one where it does not start
const { begin, loadPyodide } = await import(`file://${start}`);
const packages = Object.keys(JSON.parse(readFileSync(folder + lock)).packages), fetched = [], said = [];
fs.readFileSync = (file) => { fetched.push(String(file).split("/").at(-1).split(/-/)[0]); return readFileSync(file); };
const options = { indexURL: folder, lockFileURL: folder + lock, packages };
begin(broken ? { ...options, packages: ["none"] } : options);
const python = await loadPyodide({ ...options, stdout: (text) => said.push(text) });
const again = await loadPyodide({ ...options, packages: [] });
await python.runPythonAsync("import importlib.util, sys, micropip, piplite.piplite, pyodide_kernel");
python.runPython("there = [importlib.util.find_spec(name) is not None for name in ('jedi', 'wcwidth')]");
python.runPython("print('heard', *there, file=sys.__stdout__, flush=True)");
await python.runPythonAsync("import otp_mini, pygments.lexers as lexers; lexers.get_lexer_by_name('python')");
console.log(JSON.stringify([fetched, said.at(-1), again === python]));
process.exit(0);
"""


@pytest.mark.parametrize("broken", ["", "the first start fails"])
def test_the_start_of_a_notebook_fetches_what_its_kernel_imports_and_nothing_else(
    built: Path, node: str, broken: str
) -> None:
    """Also where the Python that was begun early did not come: the application's own start is another one."""
    [start], [lock] = built.glob("static/*/start.*.mjs"), built.glob("static/*/pyodide-lock.*.json")
    run = [node, "--no-warnings", "--input-type=module", "--eval", BEGUN]
    run += [str(start), f"{start.parent}/", lock.name, *([broken] if broken else [])]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    fetched, said, same = json.loads(done.stdout.splitlines()[-1])
    assert sorted(set(fetched)) == ["python_kernel"]
    assert said == "heard True True"
    assert not same


LOST = """
process.on("unhandledRejection", () => {});
const [start, folder, lock] = process.argv.slice(1);
const { loadPyodide } = await import(`file://${start}`);
const told = await loadPyodide({ indexURL: folder, lockFileURL: folder + lock, packages: ["otp-mini"] }).catch(String);
console.log(told);
process.exit(0);
"""


def test_a_package_that_does_not_come_ends_the_start(built: Path, node: str, tmp_path: Path) -> None:
    """Pyodide starts without it, and the reader was told that there is no module of that name."""
    [start], [lock] = built.glob("static/*/start.*.mjs"), built.glob("static/*/pyodide-lock.*.json")
    for path in start.parent.iterdir():
        if not path.name.startswith("otp_mini-"):
            (tmp_path / path.name).symlink_to(path)
    run = [node, "--no-warnings", "--input-type=module", "--eval", LOST, str(start), f"{tmp_path}/", lock.name]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "Error: otp-mini did not come", done.stderr[-2000:]


EARLY = """
const [start, folder, lock, come] = process.argv.slice(1);
const { loadPyodide } = await import(`file://${start}`);
globalThis.fetch = async () => {
  if (come === "none") throw new TypeError("Failed to fetch");
  return new Response("<!doctype html><title>Sign in</title>", { status: Number(come) });
};
const python = await loadPyodide({ indexURL: folder, lockFileURL: folder + lock, early: ["rest"] });
console.log(python.runPython("import colorsys; colorsys.__file__"));
process.exit(0);
"""


@pytest.mark.parametrize("come", ["none", "200", "503"])
def test_a_library_that_does_not_come_with_the_start_is_asked_for_again(built: Path, node: str, come: str) -> None:
    [start], [lock] = built.glob("static/*/start.*.mjs"), built.glob("static/*/pyodide-lock.*.json")
    run = [node, "--no-warnings", "--input-type=module", "--eval", EARLY]
    run += [str(start), f"{start.parent}/", lock.name, come]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "/lib/python_rest.zip/colorsys.py", done.stderr[-2000:]


def test_each_module_of_the_late_part_of_the_library_is_found(built: Path) -> None:
    [rest] = built.glob("static/*/python_rest-*.zip")
    files = [name for name in zipfile.ZipFile(rest).namelist() if name.endswith(".py")]
    assert any("-" in name for name in files)
    wanted = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in files}
    assert wanted - set(archives.modules(rest)) == set()


def test_a_viz_js_that_has_changed_ends_the_build(built: Path, tmp_path: Path) -> None:
    text = (ROOT / ".lite" / "cache" / f"viz-{wheels.VIZ.version}" / "viz.js").read_text(encoding="utf-8")
    (tmp_path / "viz.js").write_text(text.replace("wasmExports=await createWasm()", "changed()"), encoding="utf-8")
    with pytest.raises(wheels.BuildError, match=r"viz\.js has changed: .* was found 0 times"):
        archives.script(tmp_path, tmp_path)


def test_what_others_made_is_credited_with_version_and_licence(built: Path) -> None:
    credit = (built / "third-party.txt").read_text(encoding="utf-8").partition("\n\n")[2].splitlines()
    assert all(re.fullmatch(r"\S.* [0-9][0-9.a-z]*(, inside [\w.]+)?: \S.*", line) for line in credit)
    credited = {line.split()[0] for line in credit}
    (lock,) = built.glob("static/*/pyodide-lock.*.json")
    served = set(json.loads(lock.read_text(encoding="utf-8"))["packages"]) - {"otp-mini"}
    assert credited >= served | {"Pyodide", "CPython", "JupyterLite", "anywidget", "@viz-js/viz", "Graphviz"}


# --- what it refuses ------------------------------------------------------------------------------------------------


def test_a_failure_leaves_the_earlier_build_alone_and_says_one_sentence(tmp_path: Path) -> None:
    earlier = tmp_path / "html" / "lite"
    earlier.mkdir(parents=True)
    (earlier / "live.json").write_text("the earlier one", encoding="utf-8")
    command = [
        sys.executable,
        ROOT / "lite" / "build_lite.py",
        earlier,
        "--cache",
        tmp_path / "work" / "cache",
        "--npm",
        "no-such-npm",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "The in-page Python was not built: npm could not fetch Pyodide: there is no no-such-npm on this machine."
    )
    assert (earlier / "live.json").read_text(encoding="utf-8") == "the earlier one"
    assert [path.name for path in earlier.parent.iterdir()] == ["lite"]
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["cache"]


def test_a_disk_that_fills_up_while_the_new_build_moves_in_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, out = tmp_path / "work" / "site", tmp_path / "lite"
    for folder in (site, out):
        folder.mkdir(parents=True)
        (folder / "live.json").write_text(folder.name, encoding="utf-8")
    move = build_lite.move

    def full(source: Path, target: Path) -> None:
        if source == site:
            raise OSError(28, "No space left on device", str(target))
        move(source, target)

    monkeypatch.setattr(build_lite, "move", full)
    with pytest.raises(OSError, match="No space left"):
        build_lite.swap(site, out)
    assert (out / "live.json").read_text(encoding="utf-8") == "lite"


def test_a_notebook_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    with pytest.raises(wheels.BuildError, match=r"broken\.ipynb cannot be read"):
        build_lite.build(tmp_path / "out", tmp_path, ROOT, tmp_path / "work" / "cache", "npm")


def small_site(folder: Path) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """A site with which `check` has no quarrel: its folder, its configuration of the kernel, its lock."""
    for name in (*wheels.KERNEL, "pyodide.mjs"):
        (folder / "static" / name).parent.mkdir(exist_ok=True)
        (folder / "static" / name).write_text("", encoding="utf-8")
    packages = {name: {"file_name": name} for name in wheels.KERNEL}
    kernel = {
        "pyodideUrl": "./static/pyodide.mjs",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"lockFileURL": "static/lock.json", "packages": list(wheels.KERNEL)},
    }
    return folder, kernel, packages


def write_small_site(folder: Path, kernel: dict[str, Any], packages: dict[str, Any], live: str = "{}") -> None:
    config = {"jupyter-config-data": {"litePluginSettings": {build_lite.KERNEL_PLUGIN: kernel}}}
    (folder / "jupyter-lite.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "static" / "lock.json").write_text(json.dumps({"packages": packages}), encoding="utf-8")
    python = {"start": "static/pyodide.mjs", "lock": "static/lock.json", "packages": ["jedi"]}
    told = {"notebooks": json.loads(live), "python": python, "page": {"page": "static/jedi"}}
    (folder / "live.json").write_text(json.dumps(told), encoding="utf-8")


def test_a_site_that_would_ask_elsewhere_is_refused(tmp_path: Path) -> None:
    folder, kernel, packages = small_site(tmp_path)
    write_small_site(folder, kernel, packages)
    build_lite.check(folder)
    elsewhere = "https://elsewhere.example/pyodide.mjs"
    for changed_kernel, changed_packages in [
        ({**kernel, "pyodideUrl": elsewhere}, packages),
        ({**kernel, "disablePyPIFallback": False}, packages),
        (kernel, {**packages, "jedi": {"file_name": elsewhere}}),
        (kernel, {**packages, "jedi": {"file_name": "not-there.whl"}}),
        (kernel, {**packages, "not-loaded": {"file_name": "jedi"}}),
        ({**kernel, "loadPyodideOptions": {"lockFileURL": "static/no-lock.json", "packages": []}}, packages),
    ]:
        write_small_site(folder, changed_kernel, changed_packages)
        with pytest.raises(wheels.BuildError):
            build_lite.check(folder)


def test_a_site_without_a_notebook_that_it_offers_is_refused(tmp_path: Path) -> None:
    write_small_site(*small_site(tmp_path), live='{"chapter": "chapter.0.ipynb"}')
    with pytest.raises(wheels.BuildError, match=r"files/chapter\.0\.ipynb is not a file"):
        build_lite.check(tmp_path)


def test_a_kernel_without_what_it_looks_for_at_its_start_is_refused(tmp_path: Path) -> None:
    folder, kernel, packages = small_site(tmp_path)
    del packages["jedi"]
    kernel["loadPyodideOptions"]["packages"].remove("jedi")
    write_small_site(folder, kernel, packages)
    with pytest.raises(wheels.BuildError, match="outside the book"):
        build_lite.check(folder)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"start": "static/start.0.mjs"}, r"static/start\.0\.mjs is not a file"),
        ({"lock": "static/lock.0.json"}, r"static/lock\.0\.json is not a file"),
        ({"packages": ["graphviz"]}, "the cells of a page would look for packages outside the book"),
    ],
)
def test_cells_of_a_page_find_their_python_in_the_site(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    write_small_site(*small_site(tmp_path))
    live = json.loads((tmp_path / "live.json").read_text(encoding="utf-8"))
    live["python"] |= changed
    (tmp_path / "live.json").write_text(json.dumps(live), encoding="utf-8")
    with pytest.raises(wheels.BuildError, match=told):
        build_lite.check(tmp_path)


def test_the_front_end_of_a_page_is_in_the_site(tmp_path: Path) -> None:
    write_small_site(*small_site(tmp_path))
    live = json.loads((tmp_path / "live.json").read_text(encoding="utf-8"))
    live["page"]["worker"] = "static/page/worker.0.js"
    (tmp_path / "live.json").write_text(json.dumps(live), encoding="utf-8")
    with pytest.raises(wheels.BuildError, match=r"static/page/worker\.0\.js is not a file"):
        build_lite.check(tmp_path)


def test_a_place_to_patch_must_be_there_exactly_once(tmp_path: Path) -> None:
    patch = patches.Patch("a reason", "*.js", r"fetch\((\w+)\)", r"ask(\1)")
    (tmp_path / "a.js").write_text("fetch(url)", encoding="utf-8")
    patches.apply(tmp_path, (patch,))
    assert (tmp_path / "a.js").read_text(encoding="utf-8") == "ask(url)"
    with pytest.raises(patches.PatchError, match="was found 0 times"):
        patches.apply(tmp_path, (patch,))
    (tmp_path / "b.js").write_text("fetch(a); fetch(b)", encoding="utf-8")
    with pytest.raises(patches.PatchError, match="was found 2 times"):
        patches.apply(tmp_path, (patch,))

"""The front end of a page's cells (lite/page): its modules by themselves, their types, and what is bundled."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "lite" / "page"

IN_BROWSER = {
    "bar",
    "cell",
    "editor",
    "elements",
    "outputs",
    "page",
    "worker",
    "your_progress",
}  # test_cells_in_browser.py has those
FAULTY = """// @ts-check
import { plan } from "PAGE/plan.mjs";
plan([{ id: "a", role: "cell", ran: false, edited: "no" }], null);
"""
OPTIONS = {
    "checkJs": True, "allowJs": True, "noEmit": True, "strict": True, "target": "ES2022", "module": "ESNext",
    "moduleResolution": "bundler", "lib": ["ES2023", "DOM", "DOM.Iterable"], "skipLibCheck": True, "types": [],
}  # fmt: skip


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "page").glob("*.test.mjs")), ids=lambda path: path.name)
def test_a_module_does_what_its_tests_say(path: Path, node: str) -> None:
    done = subprocess.run([node, "--test", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_module_that_does_without_the_page_has_tests() -> None:
    tested = {path.name.partition(".")[0] for path in (ROOT / "tests" / "page").glob("*.test.mjs")}
    of_the_book = {"progress"}  # book/_static/progress.js counts for the menu
    assert {path.stem for path in PAGE.glob("*.mjs")} - IN_BROWSER == tested - of_the_book


def starters() -> list[Path]:
    """What starts Python in a worker; the build puts other files' names into them."""
    return [PAGE.parent / name for name in ("start.mjs", "turns.mjs", "notebook.mjs", "early.js")]


@pytest.mark.slow
def test_the_types_fit_and_one_that_does_not_is_found(page_modules: Path, node: str, tmp_path: Path) -> None:
    (tmp_path / "faulty.mjs").write_text(FAULTY.replace("PAGE", PAGE.as_posix()), encoding="utf-8")
    options = OPTIONS | {"baseUrl": str(page_modules), "paths": {"*": ["*"]}}
    for path in starters():
        text = path.read_text(encoding="utf-8").replace('"START"', '"./start.mjs"')
        (tmp_path / path.name).write_text(text.replace('"KERNEL_WORKER"', '"./turns.mjs"'), encoding="utf-8")
    (tmp_path / "pyodide.mjs").write_text("export const loadPyodide = /** @type {any} */ (null);\n", encoding="utf-8")
    included = [str(PAGE / "*.mjs"), str(PAGE / "*.d.ts"), str(tmp_path / "*.mjs"), str(tmp_path / "*.js")]
    (tmp_path / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "include": included}), encoding="utf-8"
    )
    command = [node, page_modules / "typescript" / "bin" / "tsc", "--pretty", "false", "-p", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    faults = [line for line in done.stdout.splitlines() if "error TS" in line]
    assert [line.partition("(")[0].rpartition("/")[2] for line in faults] == ["faulty.mjs"], done.stdout


def test_every_module_asks_for_its_types_to_be_looked_at() -> None:
    modules = [*PAGE.glob("*.mjs"), *starters()]
    begun = {path.name: path.read_text(encoding="utf-8").partition("\n")[0] for path in modules}
    assert {name for name, line in begun.items() if line != "// @ts-check"} == set()


def test_every_package_has_one_version_and_a_hash_and_no_address() -> None:
    stated = json.loads((PAGE / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((PAGE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = stated["dependencies"] | stated["devDependencies"]
    assert all(lock[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())
    locked = {name: entry for name, entry in lock.items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in locked.values())
    assert not any("resolved" in entry for entry in locked.values())


def test_another_text_is_another_name_and_the_same_text_the_same(live_site: Path) -> None:
    made = live_site / "lite" / "static" / "page"
    names = json.loads((made / "page.json").read_text(encoding="utf-8"))
    assert set(names) == {"page", "worker", "style"}
    others = (
        {path.name for path in made.iterdir()}
        - {Path(name).name for name in names.values()}
        - {"page.json", "licences.txt"}
    )
    [editor] = others  # loaded with the first cell that becomes an editor
    assert editor.startswith("editor.")
    assert all((live_site / "lite" / name).is_file() for name in names.values())
    assert (live_site / "lite" / names["page"]).stat().st_size < 30_000  # what the first touch loads
    assert (made / editor).stat().st_size < 400_000
    licences = (made / "licences.txt").read_text(encoding="utf-8")
    credited = (live_site / "lite" / "third-party.txt").read_text(encoding="utf-8").count(", inside editor.js:")
    assert licences.count("Copyright") == credited > 10

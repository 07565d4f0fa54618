"""The front end of the page's own cells: its npm packages, fetched once, and its modules, bundled.

`page/package.json` names the packages, each at one version; `page/package-lock.json` has the integrity hash of each
file that npm may fetch. The bundler puts a hash of the content into every name: a browser that keeps an old file never
takes it for the new one.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import wheels
from wheels import HERE, digest

SOURCE = HERE / "page"
LISTS = ("package.json", "package-lock.json")
ENTRIES = ("page.mjs", "worker.mjs", "page.css")  # each becomes a file; what is imported late, another one


def fetch(cache: Path, npm: str, *, tools: bool = False) -> Path:
    """Answer the folder node_modules with what `page` needs; npm is asked only when the cache has none.

    Args:
        cache: the folder in which it stays.
        npm: the npm to ask.
        tools: with the compiler that looks at the types, too.
    """
    lists = b"".join((SOURCE / name).read_bytes() for name in LISTS)
    folder = cache / f"page-{'tools-' if tools else ''}{digest(lists)}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache) as name:
            for file in LISTS:
                shutil.copyfile(SOURCE / file, Path(name, file))
            omitted = [] if tools else ["--omit=dev"]
            quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
            wheels.run([npm, "ci", *omitted, *quiet], "npm could not fetch the editor of the page", cwd=Path(name))
            for page in Path(name).rglob("*.md"):  # Sphinx would take them for pages of the book
                page.unlink()
            folder.mkdir()
            Path(name, "node_modules").rename(folder / "node_modules")
    return folder / "node_modules"


def bundle(modules: Path, out: Path, npm: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Bundle the front end into `out`, and the licences of what others made beside it.

    Answers the file names by entry (``page``, ``worker``, ``style``), and the packages that are in the files.
    """
    report = out / "report.json"
    command = [
        wheels.node_beside(npm), modules / "esbuild" / "bin" / "esbuild", *(SOURCE / entry for entry in ENTRIES),
        "--bundle", "--minify", "--splitting", "--format=esm", "--target=es2022", "--loader:.py=text", "--charset=utf8",
        "--entry-names=[name].[hash]", "--chunk-names=[name].[hash]", f"--outdir={out}", f"--metafile={report}",
        "--legal-comments=none", "--log-level=error"]
    environment = os.environ | {"NODE_PATH": str(modules)}
    wheels.run(command, "The front end of the page could not be bundled", cwd=SOURCE, env=environment)
    told = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    made = {Path(of["entryPoint"]).name: Path(name).name for name, of in told["outputs"].items() if "entryPoint" in of}
    names = {"page": made["page.mjs"], "worker": made["worker.mjs"], "style": made["page.css"]}
    inside = packages(modules, told["inputs"])
    licences = [(modules / name / "LICENSE").read_text(encoding="utf-8") for name, _, _ in inside]
    texts = [f"{name} {version}\n\n{text}" for (name, version, _), text in zip(inside, licences, strict=True)]
    (out / "licences.txt").write_text("\n\n".join(texts), encoding="utf-8", newline="\n")
    return names, inside


def packages(modules: Path, inputs: dict[str, object]) -> list[tuple[str, str, str]]:
    """Answer the npm packages among the files that were bundled, each with its version and its licence."""
    found = set()
    for name in inputs:
        inside = name.rpartition("node_modules/")[2].split("/") if "node_modules/" in name else []
        if inside:
            found.add("/".join(inside[: 2 if inside[0].startswith("@") else 1]))
    stated = [json.loads((modules / name / "package.json").read_text(encoding="utf-8")) for name in sorted(found)]
    return [(each["name"], each["version"], each["license"]) for each in stated]

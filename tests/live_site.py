"""Built sites with another live part: other notebooks, or another release of otp_mini.

Building the live part takes half a minute. Where only the notebooks differ, the files of the built one are linked,
and what names the notebooks is written anew by the functions of lite/build_lite.py that wrote it first.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Collection
from pathlib import Path

import course

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".lite" / "cache"
sys.path.insert(0, str(ROOT / "lite"))

import build_lite  # noqa: E402 (its folder has just become one to import from)

releases = itertools.count()


def write_notebook(path: Path, cells: dict[str, str], raising: Collection[str] = ()) -> None:
    """Write a notebook of code cells; those in `raising` may fail."""
    code = [
        {
            "cell_type": "code",
            "id": name,
            "source": source,
            "outputs": [],
            "execution_count": None,
            "metadata": {"tags": ["raises-exception"]} if name in raising else {},
        }
        for name, source in cells.items()
    ]
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")


def with_notebooks(built: Path, target: Path, notebooks: Path) -> Path:
    """Answer a copy of the built site whose live part holds the notebooks of another folder."""
    shutil.copytree(built, target, copy_function=link)
    site = target / "lite"
    shutil.rmtree(site / "files", ignore_errors=True)
    (site / "live.json").unlink()
    shutil.copyfile(built / "lite" / "jupyter-lite.json", own(site / "jupyter-lite.json"))
    copies = [build_lite.read_notebook(path) for path in sorted(notebooks.glob("*.ipynb"))]
    build_lite.place_notebooks(site, copies)
    [start], [lock] = site.glob("static/*/start.*.mjs"), site.glob("static/*/pyodide-lock.*.json")
    build_lite.configure(site, start, lock, copies)
    build_lite.check(site)
    released(site, (built / "lite" / "jupyter-lite.json").stat().st_mtime)
    return target


def released(site: Path, built: float) -> None:
    """Date what names the notebooks later than the last release, and before what is really built.

    A browser asks by the second whether a file has changed, and releases of these tests are made within one.
    """
    at = built - 10_000 + 10 * next(releases)
    for path in (site / "jupyter-lite.json", site / "live.json", *site.glob("files/*"), *site.glob("api/contents/*")):
        os.utime(path, (at, at))


def with_package(built: Path, target: Path, notebooks: Path, package: Path) -> Path:
    """Answer a copy of the built site whose live part was made from other notebooks and another otp_mini."""
    shutil.copytree(built, target, copy_function=link, ignore=lambda at, _: ["lite"] if Path(at) == built else [])
    build(target / "lite", notebooks, package)
    return target


def build(out: Path, notebooks: Path = ROOT / "notebooks", package: Path = ROOT, npm: str = "npm") -> None:
    """Build a live part; one process at a time, for the cache has room for one."""
    with course.lock():
        build_lite.build(out, notebooks, package, CACHE, npm)


def link(source: str, target: str) -> None:
    """Give a file a second name, or copy it to where that cannot be. Nobody may write into it."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def own(path: Path) -> Path:
    """Take away a file that may be another name of one that is to stay as it is."""
    path.unlink()
    return path

"""What Python fetches when something first asks for it: modules that few cells import, and the source of `otp_mini`.

`start.mjs` runs this in each Python of the page. An archive holds modules, found by the first import of one of them, or
source, read by the first traceback or `??` that shows some. The worker waits meanwhile, and the page does not.
"""

from __future__ import annotations

import importlib
import linecache
import sys
from collections.abc import Callable
from functools import partial
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any


class NotFetched(ImportError):
    """The site did not answer."""


class Late:
    """The archives, as a finder of modules (`sys.meta_path`)."""

    def __init__(self, archives: dict[str, Any], fetch: Callable[[str], str]) -> None:
        """`archives`: of each its `modules`, or the `sources` of what lies in `beside`; `fetch` puts one in place."""
        self.fetch = fetch
        self.places: dict[str, str] = {}  # of what is there: under which folder
        self.modules = {module: name for name, each in archives.items() for module in each.get("modules", ())}
        for name, each in archives.items():
            for path in each.get("sources", ()):
                linecache.cache[f"{each['beside']}/{path}"] = (partial(self.source, name, path),)

    def place(self, archive: str) -> str:
        """Under which folder its content is; fetch it first where it is not there yet."""
        if archive not in self.places:
            self.places[archive] = self.fetch(archive)
            importlib.invalidate_caches()
        return self.places[archive]

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Say that there is such a module. It is fetched when it is loaded: many only ask whether it is there."""
        archive = self.modules.get(name)
        return None if archive is None else ModuleSpec(name, Loader(self, archive))  # type: ignore[arg-type]

    def found(self, name: str, archive: str) -> ModuleSpec:
        """The module where it lies, once its archive has been put there."""
        try:
            folder = self.place(archive)
        except Exception as error:
            raise NotFetched(
                f"{name} could not be loaded from this site. There may be no connection, or a newer edition of the "
                "book: reload the page",
                name=name,
            ) from error
        where = ["/".join([folder, *name.split(".")[:-1]])]
        finders = (finder for finder in sys.meta_path if finder is not self)
        return next(spec for finder in finders if (spec := finder.find_spec(name, where)) is not None)

    def source(self, archive: str, path: str) -> str | None:
        """The text of a file for a traceback, which goes without where it cannot be had."""
        try:
            return Path(self.place(archive), path).read_text(encoding="utf-8")
        except Exception:
            return None


class Loader:
    """Loads a module as the loader does that finds it behind its archive."""

    def __init__(self, late: Late, archive: str) -> None:
        self.late, self.archive = late, archive

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.spec = self.late.found(spec.name, self.archive)
        return module_from_spec(self.spec)

    def exec_module(self, module: ModuleType) -> None:
        assert self.spec.loader is not None
        module.__spec__, module.__loader__ = self.spec, self.spec.loader
        self.spec.loader.exec_module(module)


def install(archives: dict[str, Any], fetch: Callable[[str], str]) -> Late:
    """Find the modules of the archives behind those that are here, and before what says why one is not."""
    late = Late(archives, fetch)
    ours = [getattr(finder, "__name__", "") for finder in sys.meta_path].index("PathFinder") + 1
    sys.meta_path.insert(ours, late)  # type: ignore[arg-type]
    return late

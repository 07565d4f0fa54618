"""What is changed in JupyterLite's own files, and why. A change whose place is not found once ends the build."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class PatchError(Exception):
    """JupyterLite has changed at a place that is patched here."""


@dataclass(frozen=True)
class Patch:
    """One change: in the one file that `pattern` is found in, among those that `files` matches."""

    why: str
    files: str
    pattern: str
    replacement: str | Callable[[re.Match[str]], str]


PATCHES = (
    Patch("The configuration names everything else by version or hash: it alone must never be an old one.",
          "config-utils.js", r"window\.fetch\(liteUrl\)", r"window.fetch(liteUrl, {cache: 'no-cache'})"),
    Patch("The page of the application is read for configuration too.",
          "config-utils.js", r"window\.fetch\(`\$\{url\}index\.html`\)",
          r"window.fetch(`${url}index.html`, {cache: 'no-cache'})"),
    Patch('JupyterLite ends "Run All Cells" at the first error; JupyterLab goes on behind a cell that is tagged '
          "`raises-exception` (it asks with stop_on_error=false), and so do the tests of the notebooks.",
          "build/*.js",
          r"(removed socket for kernel \$\{(\w+)\}[^$]{1,300}?\"interrupt\"!==\w+\.metadata\.cause)&&\(",
          r"\1&&!1!==this._kernels.get(\2)?.parent?.content?.stop_on_error&&("),
    Patch("The first kernel takes the worker in which Python is starting already (early.js).",
          "extensions/@jupyterlite/pyodide-kernel-extension/static/*.js",
          r'initWorker\((\w)\)\{let (\w)=\1=>new Worker\(\1,\{type:"module"\}\)',
          r'initWorker(\1){let \2=\1=>globalThis.otpKernelWorker?.(\1)??new Worker(\1,{type:"module"})'),
    Patch("The reader learns that Python has died (early.js): its cell would wait for good.",
          "extensions/@jupyterlite/pyodide-kernel-extension/static/*.js",
          r"_processLogMessage\((\w)\)\{", r"_processLogMessage(\1){globalThis.otpKernelLog?.(\1);"),
    Patch("JupyterLite asks for the answer to `input` by its service worker, which is off: it would be None.",
          "extensions/@jupyterlite/pyodide-kernel-extension/static/comlink.worker.*.js",
          r"(sendInputRequest\(\w,\w\)\{)",
          r'\1throw Error("a cell of this page cannot ask: write the answer into the cell, in the place of input()");'),
)


def early(script: str, worker: str) -> Patch:
    """Have the page of the application run `script` (early.js) before anything else, with the address of its worker."""
    if script.count('"WORKER.MJS"') != 1:
        raise PatchError('early.js has no place for "WORKER.MJS".')
    made = script.replace('"WORKER.MJS"', json.dumps(worker))
    return Patch("Python starts while the application is loading.", "notebooks/index.html",
                 r'(?=<link id="jupyter-lite-main")', lambda _: f"<script>\n{made}</script>\n    ")


def apply(site: Path, patches: tuple[Patch, ...] = PATCHES) -> None:
    """Change the files below `site`."""
    for patch in patches:
        found = {path: text for path in sorted(site.glob(patch.files))
                 if re.search(patch.pattern, text := path.read_text(encoding="utf-8"))}
        places = sum(len(re.findall(patch.pattern, text)) for text in found.values())
        if places != 1:
            raise PatchError(f"JupyterLite has changed: the place to patch in {patch.files} was found {places} times "
                             f"({patch.why})")
        for path, text in found.items():
            changed = re.sub(patch.pattern, patch.replacement, text)
            path.write_text(changed, encoding="utf-8", newline="\n")

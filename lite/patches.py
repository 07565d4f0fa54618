"""What is changed in JupyterLite's own files, and why. A change whose place is not found once ends the build."""

from __future__ import annotations

import re
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
    replacement: str


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
    Patch("The first kernel takes the worker in which Python is starting already (notebook.mjs).",
          "extensions/@jupyterlite/pyodide-kernel-extension/static/*.js",
          r'initWorker\((\w)\)\{let (\w)=\1=>new Worker\(\1,\{type:"module"\}\)',
          r'initWorker(\1){let \2=\1=>globalThis.otpWorker?.()??new Worker(\1,{type:"module"})'),
)


def early(worker: str) -> Patch:
    """Have the page of the application make the worker `worker` before it loads anything else.

    The first kernel takes it, if it has said by then that it runs; a browser may give up the request for its script.
    Where a page is cross-origin isolated, the kernel needs another kind of worker, and makes it itself.
    """
    made = EARLY.replace("WORKER", worker)
    return Patch("Python starts while the application is loading.", "notebooks/index.html",
                 r'(?=<link id="jupyter-lite-main")', f"<script>{made}</script>\n    ")


EARLY = """
      if (!crossOriginIsolated) {
        let worker = new Worker("WORKER", { type: "module" }), runs = false;
        worker.onmessage = () => { worker.onmessage = null; runs = true; };
        globalThis.otpWorker = () => {
          const first = runs ? worker : worker?.terminate();
          worker = runs = null;
          return first;
        };
      }
    """


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

"""Run notebooks from top to bottom and store their outputs: `python3 course.py refresh [NOTEBOOK ...]`.

What did not change stays the same to the byte, so a refresh shows in a diff only where an output is new:

* nothing that differs from run to run is stored: timings, paths inside tracebacks, random widget ids;
* streams are joined as nbval joins them, so it does not matter in how many pieces a print arrived;
* a cell tagged `nbval-ignore-output` (a quiz) runs with `random` seeded from the cell's id;
* of what shows itself as a widget and as HTML too (a crash lab), the HTML is stored.

A cell that raises without the tag `raises-exception` stops the refresh, and its file is left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "PYTHONHASHSEED": "0",
    "OTP_MINI_STORES_LABS": "1",  # all futures, for a page that has no kernel
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}
os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment, whatever a user installed


def notebooks() -> list[Path]:
    """Return the course's notebooks in reading order."""
    found = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def refresh(path: Path) -> bool:
    """Run one notebook and store it; return whether its file changed."""
    before = path.read_bytes()
    after = executed(path)
    if after == before:
        return False
    half_written = path.with_suffix(".ipynb.new")
    half_written.write_bytes(after)
    half_written.replace(path)
    return True


def executed(path: Path) -> bytes:
    """Return what the notebook's file should hold after a run in a fresh kernel."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )

    def seed(cell: Any, cell_index: int) -> None:
        if client.kc and "nbval-ignore-output" in cell.metadata.get("tags", []):
            client.kc.execute(f"__import__('random').seed({cell.id!r})", silent=True)

    client.on_cell_execute = seed
    with tempfile.TemporaryDirectory(prefix="otp-mini-ipython-", ignore_cleanup_errors=True) as profile:
        client.execute(env={**os.environ, **ENVIRONMENT, "IPYTHONDIR": profile})
    return as_stored(notebook)


def as_stored(notebook: Any) -> bytes:
    """Return the bytes that stand for a notebook that was run: what differs from run to run is not in them."""
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = tidy_outputs(cell.outputs)
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    if notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state"):
        metadata["widgets"] = notebook.metadata["widgets"]
    notebook.metadata = nbformat.from_dict(metadata)
    return written(number_widgets(notebook))


def written(notebook: Any) -> bytes:
    """Return the notebook as the one text that stands for it."""
    text: str = nbformat.writes(notebook)
    return (text.rstrip("\n") + "\n").encode()


def tidy_outputs(outputs: list[Any]) -> list[Any]:
    """Join neighbouring pieces of one stream, and keep of a traceback what is the same everywhere."""
    tidy: list[Any] = []
    for output in outputs:
        last = tidy[-1] if tidy else None
        if "text/html" in output.get("data", {}):
            # A front end prefers the widget, and in a stored notebook no kernel is behind it: it would show
            # an error in place of HTML that works.
            output.data.pop(WIDGET_VIEW, None)
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]  # the rest holds this machine's paths
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            tidy.append(output)
    return tidy


def number_widgets(notebook: Any) -> Any:
    """Replace the random ids of widgets by numbers, in the order in which cells, then models, name them.

    Models that no output shows are dropped. Only ids of stored models are touched: a hash that a cell
    prints may look just like one.
    """
    state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    if not state:
        return notebook
    known = re.compile("|".join(state))
    numbers: dict[str, str] = {}
    todo: list[str] = known.findall(json.dumps([cell.get("outputs") for cell in notebook.cells]))
    while todo:
        model = todo.pop(0)
        if model not in numbers:
            numbers[model] = f"{len(numbers) + 1:032x}"
            todo += known.findall(json.dumps(state[model], sort_keys=True))
    for model in set(state) - set(numbers):
        del state[model]
    if not state:
        del notebook.metadata["widgets"]
    text = known.sub(lambda match: numbers[match[0]], nbformat.writes(notebook))
    return nbformat.reads(text, as_version=4)


def main(arguments: list[str]) -> int:
    """Refresh the named notebooks, or all of them."""
    parser = argparse.ArgumentParser(prog="course.py refresh", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="the file (default: every chapter)")
    chosen = parser.parse_args(arguments).notebooks
    if missing := [str(path) for path in chosen if not path.is_file()]:
        parser.error(f"no such notebook: {', '.join(missing)}. The chapters are notebooks/*.ipynb.")
    for path in [path.resolve() for path in chosen] or notebooks():
        try:
            print(f"{path.name}: {'changed' if refresh(path) else 'the same'}", flush=True)
        except CellExecutionError as error:
            print(error)
            print(f"{path.name}: a cell failed, so the file was left as it was.")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

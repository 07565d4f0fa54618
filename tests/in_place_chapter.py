"""python in_place_chapter.py NOTEBOOK [twice]: run a chapter's cells as its page runs them, and tell what came.

Standard output is JSON: a list of runs, each with the ``id`` and the ``role`` of the cell, ``how`` it ended, and its
``outputs`` as a notebook stores them. No stub is ever filled in. The cells are run

1. in the order of the page, solutions and verdicts too;
2. then stubs, checks and solutions once more, mixed;
3. with no name bound yet, from the last to the first.

With ``twice`` there is one order only: that of the page, each cell followed by itself. A lab is run once, and no check.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path += [str(ROOT), str(ROOT / "book" / "_ext"), str(ROOT / "lite")]

import exercise_view  # noqa: E402 (their folders have just become ones to import from)
import in_place  # noqa: E402

LABS = ("crash_lab(", "compare_strategies(", "schedule_lab(")
LONG = {"many-run"}  # a hundred thousand processes: once is enough
KINDS = {"result": "execute_result", "display": "display_data"}


def output(kind: str, name: str, text: str) -> dict[str, Any]:
    """One message as an output of a notebook."""
    if kind == "stream":
        return {"output_type": "stream", "name": name, "text": text}
    if kind == "error":
        return {"output_type": "error", "ename": name.partition(":")[0], "evalue": name}
    return {"output_type": KINDS[kind], "data": json.loads(text)}


async def run(cells: in_place.Cells, told: list[Any], cell: dict[str, Any], sources: dict[str, str]) -> dict[str, Any]:
    page = cell["metadata"]["page"]
    source = sources[page["of"] if page["role"] == "verdict" else page["id"]]  # the fold does not hold the check
    told.clear()
    how = await cells.start(page["id"], source, solution=page["role"] in ("solution", "verdict"))
    outputs = [output(kind, name, text) for kind, _, name, text in told if kind != "done"]
    return {"id": page["id"], "role": page["role"], "how": how, "outputs": outputs}


async def run_all(code: list[dict[str, Any]], orders: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Run cells in an order after the other; in each, no name is bound at first."""
    sources = {cell["id"]: cell["source"] for cell in code}
    told: list[Any] = []
    ran: list[dict[str, Any]] = []
    for order in orders:
        sys.modules["__main__"] = types.ModuleType("__main__")
        cells = in_place.Cells(lambda *message: told.append(message))
        cells.connect()
        ran += [await run(cells, told, cell, sources) for cell in order]
    return ran


def mixed(code: list[dict[str, Any]], seed: str) -> list[list[dict[str, Any]]]:
    exercises = [cell for cell in code if cell["metadata"]["page"]["role"] in ("stub", "check", "solution")]
    random.Random(seed).shuffle(exercises)
    return [code + exercises, code[::-1]]


def doubled(code: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    order = []
    for cell in code:
        page = cell["metadata"]["page"]
        if page["role"] not in ("check", "verdict"):
            once = page["id"] in LONG or any(lab in cell["source"] for lab in LABS)
            order += [cell] if once else [cell, cell]
    return [order]


def main(name: str, twice: bool) -> list[dict[str, Any]]:
    path = Path(name)
    view = exercise_view.page_view(json.loads(path.read_text(encoding="utf-8")))
    code = [cell for cell in view["cells"] if cell["cell_type"] == "code"]
    return asyncio.run(run_all(code, doubled(code) if twice else mixed(code, path.stem)))


if __name__ == "__main__":
    shown = sys.stdout
    json.dump(main(sys.argv[1], sys.argv[2:] == ["twice"]), shown)

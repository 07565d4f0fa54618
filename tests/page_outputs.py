"""Outputs of the page's Python beside those that a chapter stores: what must be the same, and what cannot be."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any


def comparable(outputs: list[dict[str, Any]], *, labs: bool = True) -> list[Any]:
    """Outputs as far as they must be the same in every Python: see `simplified`.

    A stream may come in pieces, and how the pieces of stdout and stderr mix is chance: each stream is put together.

    Args:
        labs: compare the data of crash labs too; where a kernel runs they hold no futures before one is asked for.
    """
    told: list[Any] = []
    for output in outputs:
        if output["output_type"] == "stream":
            if not (told and isinstance(told[-1], dict)):
                told.append({})
            name = output["name"]
            told[-1][name] = told[-1].get(name, "") + addressless("".join(output["text"]))
        elif output["output_type"] == "error":
            ename = re.sub(r"^<class '(?:.*\.)?(\w+)'>$", r"\1", output["ename"])  # so Pyodide's kernel writes it
            told.append(("error", ename, addressless(output["evalue"])))
        else:
            data = simplified(output["data"])
            if not labs and 'class="otp-lab crash-lab"' in str(data.get("text/html")):
                data["text/html"] = "a crash lab"
            told.append((output["output_type"], data))
    return told


def simplified(data: dict[str, Any]) -> dict[str, Any]:
    """SVG by its texts; a widget's number and a picture's bytes not at all; all else to the letter.

    What is a widget and HTML too is stored as HTML alone: see `tools/refresh.py`.
    """
    kept: dict[str, Any] = {}
    for kind, value in data.items():
        if "widget-view" in kind and "text/html" in data:
            continue
        if kind == "image/svg+xml":
            kept[kind] = svg_texts("".join(value))
        elif kind.startswith("image/") or "widget-view" in kind:
            kept[kind] = "there"
        else:
            kept[kind] = addressless("".join(value)) if isinstance(value, list | str) else value
    return kept


def svg_texts(source: str) -> list[str]:
    return [text for part in ET.fromstring(source).itertext() if (text := part.strip())]


def addressless(text: str) -> str:
    return re.sub(r"0x[0-9a-f]{4,16}", "0x…", text)

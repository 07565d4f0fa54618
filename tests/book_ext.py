"""The book's Sphinx extensions, for the tests: they lie beside the book and are no package."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

api_reference = importlib.import_module("api_reference")
cheat_sheet = importlib.import_module("cheat_sheet")
code_lines = importlib.import_module("code_lines")
exercise_view = importlib.import_module("exercise_view")
glossary_links = importlib.import_module("glossary_links")
guide_map = importlib.import_module("guide_map")
livebooks = importlib.import_module("livebooks")
offline_book = importlib.import_module("offline_book")
plots = importlib.import_module("plots")
predictions = importlib.import_module("predictions")
progress = importlib.import_module("progress")
quoted = importlib.import_module("quoted")
questions = importlib.import_module("questions")
search_order = importlib.import_module("search_order")
speed = importlib.import_module("speed")

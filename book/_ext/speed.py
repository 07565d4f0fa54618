"""What the benchmarks measured, on a page: its figures, tables and plots are made of their file when the book is built.

``{speed} ratios``, ``{speed} table`` and ``{speed} growth`` are the plots and the table. In a sentence the role
``{speed}`` gives one figure::

    {speed}`calls`                what a call takes on otp_mini, with its unit
    {speed}`calls / the BEAM`     how many times as much as on the BEAM
    {speed}`growth of keys`       what a piece costs at the largest size, to the smallest
    {speed}`versions`, {speed}`rounds`, {speed}`largest`
"""

from __future__ import annotations

import importlib.util
import sys
from html import escape
from pathlib import Path
from typing import Any

import plots
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
COMPARED = {"the BEAM": "square", "asyncio": "circle"}  # in the plot
OTHERS = ("the BEAM", "asyncio", "asyncio tuned", "pykka")  # in the table; course.css has them too, for its cards


def results() -> Any:
    """The module that reads the file of the benchmarks: they are no package."""
    name = "benchmark_results"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / "results.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)  # its dataclasses ask for it
        spec.loader.exec_module(module)
    return sys.modules[name]


def amount(value: float, unit: str) -> str:
    return f"{results().figure(value)} {unit}"


def range_of(ratio: Any) -> str:
    """A ratio with the range of its rounds; without where there was one round, or where it does not show."""
    middle, least, most = map(results().figure, ratio)
    return middle if least == most else f"{middle} ({least} to {most})"


def said(found: Any, what: str) -> str:
    """The text of the role.

    Raises:
        LookupError: there is no such figure.
    """
    first, _, design = (part.strip() for part in what.partition("/"))
    figure = results().figure
    if first == "versions":
        return " and ".join(filter(None, [found.python, found.elixir]))
    if first == "rounds":
        return str(found.rounds)
    if first == "largest" and (sizes := [size for kind in found.growth for size in kind.sizes()]):
        return f"{max(sizes):,}"
    if first.startswith("growth of "):
        [kind] = [kind for kind in found.growth if kind.name == first.removeprefix("growth of ")] or [None]
        grown = kind.ratio(kind.sizes()[-1]) if kind is not None and kind.figures else None
        if grown is None:
            raise LookupError(what)
        return str(figure(grown.middle))
    [row] = [row for row in found.rows if row.name == first] or [None]
    value = None if row is None else row.ratio(design) if design else row.middle("otp_mini")
    if value is None:
        raise LookupError(what)
    return str(figure(value.middle)) if design else amount(value, row.unit)


class Figure(SphinxRole):
    """One figure in a sentence."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_dependency(str(results().STORED))
        try:
            return [nodes.Text(said(results().load(), self.text))], []
        except LookupError:
            missing = f"speed: nothing was measured for {self.text!r}"
            return [], [self.inliner.reporter.error(missing, line=self.lineno)]


class Shown(SphinxDirective):
    """A plot or a table."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(results().STORED))
        found = results().load()
        match self.arguments[0]:
            case "ratios":
                return [nodes.raw("", ratios(found), format="html")]
            case "table":
                return [table(found)]
            case "growth":
                return [nodes.raw("", growth(found), format="html")]
        raise self.error(f"speed shows ratios, table or growth, got {self.arguments[0]!r}")


def ratios(found: Any) -> str:
    rows = []
    for row in found.rows:
        there = [(design, ratio) for design in COMPARED if (ratio := row.ratio(design)) is not None]
        if there:
            rows.append((row.title, there))
    measured = {design: shape for design, shape in COMPARED.items() if design in found.designs()}
    title = f"What otp_mini takes{', to ' * bool(measured)}{' and '.join(measured)}"
    return f'<figure class="speed-ratios">{plots.ratios(title, rows, measured)}</figure>'


def table(found: Any) -> nodes.table:
    """A row for each workload; on a phone each becomes a card."""
    whole = nodes.table(classes=["cards", "speed"])
    group = nodes.tgroup(cols=2 + len(OTHERS))
    group += [nodes.colspec(colwidth=width) for width in (3, 2, *[2] * len(OTHERS))]
    head, body = nodes.thead(), nodes.tbody()
    head += _row(["what", "on otp_mini", *(f"to {design}" for design in OTHERS)])
    for row in found.rows:
        there = [row.ratio(design) for design in OTHERS]
        cells = ["" if ratio is None else range_of(ratio) for ratio in there]
        body += _row([row.title, amount(row.middle("otp_mini"), row.unit), *cells])
    group += [head, body]
    whole += group
    return whole


def _row(cells: list[str]) -> nodes.row:
    row = nodes.row()
    row += [nodes.entry("", *([nodes.paragraph(text=cell)] if cell else [])) for cell in cells]
    return row


def growth(found: Any) -> str:
    """A plot for each kind, with its table folded below it; sizes without a ratio to the smallest are left out."""
    return f'<div class="speed-growth">{"".join(map(_grown, found.growth))}</div>'


def _grown(kind: Any) -> str:
    ratios = {size: ratio for size in kind.sizes() if (ratio := kind.ratio(size)) is not None}
    if not ratios:
        return ""
    title = f"Cost of a piece with more and more {kind.what}"
    drawn = plots.growth(title, [*ratios], [*ratios.values()], kind.law)
    caption = f"<b>{escape(kind.what)}</b>: {escape(kind.piece)}. Expected: {escape(kind.law)}."
    head = "".join(f'<th scope="col">{name}</th>' for name in ("there are", "a piece", "to the first"))
    middle = results().median
    rows = "".join(
        f'<tr><th scope="row">{size:,}</th><td>{amount(middle(kind.figures[str(size)]), "µs")}</td>'
        f"<td>{range_of(ratio)}</td></tr>"
        for size, ratio in ratios.items()
    )
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    fold = f"<details><summary>The same as a table</summary>{body}</details>"
    return f"<figure><figcaption>{caption}</figcaption>{drawn}{fold}</figure>"


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("speed", Shown)
    app.add_role("speed", Figure())
    return {"parallel_read_safe": True, "parallel_write_safe": True}

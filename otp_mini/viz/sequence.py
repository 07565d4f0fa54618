"""A trace as a sequence chart: a column for each process, time from top to bottom.

The chart is made from the trace alone, and the same trace gives the same SVG to the letter. It
has no colours of its own but takes that of the text around it, so it can be read on light and on
dark; what kind of event an arrow is, its form and its words say. ``print`` it for the same as
text, a line each.

OTP: ``et_viewer``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Final

from ..errors import describe_reason, safe_repr
from ..terms import Down, ExitSignal, Pid
from ..tracing import Event, Trace

CLOCK: Final = "clock"
_SHOWN: Final = {"spawn", "send", "reply", "timer", "signal", "down", "exit"}

# Measures of the drawing, in pixels.
_MARGIN, _COLUMN, _ROW, _HEAD = 70, 220, 34, 52
_LABEL: Final = 30  # characters that fit between two columns; a longer label is cut in the drawing
_INK = 'stroke="currentColor" fill="none" stroke-width="1.5"'
_PID: Final = re.compile(r"(?<=.)<0\.\d+\.0>$")  # what a trace puts after the name of a nameless process
_DASHES: Final = {"reply": "6 4", "spawn": "2 4", "signal": "10 3 2 3", "down": "10 3 2 3"}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the chart shows it.

    ``source`` and ``target`` are what the processes are called; ``target`` is empty where a
    process only ends. ``arrives`` counts the lines that come between the sending of a message and
    the moment when it was taken out of the mailbox.
    """

    time: float
    kind: str
    source: str
    target: str
    words: str
    arrives: int = 0

    def __str__(self) -> str:
        if not self.target:
            return f"{self.time:8.3f}  {self.source} {self.words}"
        return f"{self.time:8.3f}  {self.source} -> {self.target}: {self.words}"


def said(event: Event) -> str:
    """What an event says, in the words of whoever wrote the program."""
    match event.kind, event.term:
        case "spawn", _:
            return "starts"
        case "exit", reason:
            return f"ends: {describe_reason(reason)}"
        case "signal", ExitSignal(_, reason) | reason:
            return f"exit signal {safe_repr(reason)}"
        case "down", Down(_, _, reason):
            return f"DOWN {safe_repr(reason)}"
        case "reply", value:
            return f"reply {safe_repr(value)}"
        case "send", ("$gen_call", _, request):
            return f"call {safe_repr(request)}"
        case "send", ("$gen_cast", request):
            return f"cast {safe_repr(request)}"
        case "send", ("system", _, request):
            return f"system {safe_repr(request)}"
    return safe_repr(event.term)


def lines(trace: Trace) -> list[Line]:
    """The events of a trace that a chart shows, in order."""
    shown = [event for event in trace if event.kind in _SHOWN and (event.pid or event.kind == "timer")]
    taken = {event.cause: event.number for event in trace if event.kind == "receive"}
    names = _names(trace)

    def line(event: Event) -> Line:
        until = taken.get(event.number, event.number)
        waits = sum(event.number < other.number < until for other in shown)
        source = names[event.pid] if event.pid else CLOCK
        target = names[event.other] if event.other else ""
        return Line(event.time, event.kind, source, target, said(event), waits)

    return [line(event) for event in shown]


def _names(trace: Trace) -> dict[Pid, str]:
    """A name for each process; two that are called the same get their pid after it."""
    pids = dict.fromkeys(pid for event in trace for pid in (event.pid, event.other) if pid)
    called = {pid: _PID.sub("", _one_line(trace.name(pid))) or repr(pid) for pid in pids}
    often = [name for name in called.values() if list(called.values()).count(name) > 1 or name == CLOCK]
    return {pid: f"{name} {pid}" if name in often else name for pid, name in called.items()}


def _one_line(text: str) -> str:
    """What cannot be printed, and so may not stand in XML or would break a line, is replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


class Chart:
    """A sequence chart: a picture in a notebook, lines of text in ``print``.

    An arrow that slopes is a message that waited in the mailbox. Solid is a message, dashed a
    reply, dotted a start, dash and dot a signal; a cross is where a process ends.
    """

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        talking = [name for line in lines for name in (line.source, line.target) if name]
        self.columns = list(dict.fromkeys(talking))

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))

    def __repr__(self) -> str:
        return f"<Chart of {len(self.lines)} events between {', '.join(self.columns) or 'nobody'}>"

    def _repr_html_(self) -> str:
        title = escape(repr(self)[1:-1])
        return (
            f'<div style="overflow-x:auto" tabindex="0" role="region" aria-label="{title}">{self.svg()}</div>'
            f"<details><summary>The same as text</summary><pre>{escape(str(self))}</pre></details>"
        )

    def svg(self) -> str:
        """The picture. Everything in it that the program said is escaped."""
        width = _MARGIN + _COLUMN * max(1, len(self.columns))
        height = _HEAD + _ROW * (len(self.lines) + 1)
        title, told = escape(repr(self)[1:-1]), escape(str(self))
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" style="max-width:none" '
            'font-family="monospace" font-size="12" fill="currentColor">'
        )
        parts = [
            head,
            f"<title>{title}</title><desc>{told}</desc>",
            *(self._lifeline(name) for name in self.columns),
            *(self._row(index) for index in range(len(self.lines))),
            "</svg>",
        ]
        return "\n".join(parts)

    def _x(self, name: str) -> int:
        return _MARGIN + _COLUMN * self.columns.index(name) + _COLUMN // 2

    def _lifeline(self, name: str) -> str:
        """From the process's box, or from where it is started, to its end."""
        top, bottom = _HEAD - 14, _y(len(self.lines))
        for index, line in enumerate(self.lines):
            if line.kind == "exit" and line.source == name:
                bottom = _y(index)
        x = self._x(name)
        return (
            f'<rect x="{x - 85}" y="8" width="170" height="30" rx="4" {_INK}/>'
            + _text(x, 27, _cut(name, 22), 'text-anchor="middle" font-weight="bold"')
            + f'<path d="M{x} {top}V{bottom}" stroke="currentColor" stroke-opacity="0.5"/>'
        )

    def _row(self, index: int) -> str:
        line = self.lines[index]
        y, x = _y(index), self._x(line.source)
        new_time = index == 0 or self.lines[index - 1].time != line.time
        parts = [_text(4, y + 4, f"{line.time:.3f}")] if new_time else []
        if line.target in ("", line.source):
            if line.kind == "exit":
                parts.append(f'<path d="M{x - 7} {y - 7}l14 14m-14 0l14 -14" {_INK}/>')
            parts.append(_text(x + 12, y + 4, _cut(line.words, _LABEL)))
            return "".join(parts)
        to, end = self._x(line.target), y + _ROW * line.arrives
        way = 1 if to > x else -1
        dashes = f' stroke-dasharray="{_DASHES[line.kind]}"' if line.kind in _DASHES else ""
        parts.append(f'<path d="M{x} {y}L{to - 9 * way} {end}" {_INK}{dashes}/>')
        parts.append(f'<path d="M{to} {end}l{-10 * way} -5v10z"/>')
        anchor = "start" if way > 0 else "end"
        parts.append(_text(x + 10 * way, y - 6, _cut(line.words, _LABEL), f'text-anchor="{anchor}"'))
        return "".join(parts)


def _y(index: int) -> int:
    return _HEAD + _ROW * index + 16


def _cut(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1] + "…"


def _text(x: int, y: int, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>'


def sequence_chart(trace: Trace) -> Chart:
    """Draw who said what to whom.

    Args:
        trace: what ``with trace() as t:`` recorded; ``t.filter(...)`` for a part of it.

    Example:
        >>> from otp_mini import GenServer, Node, Reply, trace
        >>> class Clerk(GenServer):
        ...     def handle_call(self, request, from_, state):
        ...         return Reply(len(request), state)
        >>> async def main():
        ...     clerk = await Clerk.start()
        ...     with trace() as t:
        ...         await GenServer.call(clerk, "how long?")
        ...     return sequence_chart(t)
        >>> with Node(clock="virtual") as node:
        ...     print(node.run(main))
           0.000  main -> Clerk: call 'how long?'
           0.000  Clerk -> main: reply 9
    """
    return Chart(lines(trace))

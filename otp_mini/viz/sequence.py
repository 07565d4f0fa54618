"""A trace as a sequence chart: a column for each process, time from top to bottom.

The chart is made from the trace alone, and the same trace gives the same SVG to the letter. It
has no colours of its own but takes that of the text around it, so it can be read on light and on
dark; what kind of event an arrow is, its form and its words say. ``print`` it for the same as
text, a line each.

OTP: ``et_viewer``
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import Final

from ..errors import describe_exception, safe_repr
from ..terms import Down, ExitSignal, Pid
from ..tracing import Event, Trace
from ..tracing import said as in_words

CLOCK: Final = "clock"
_MESSAGES: Final = {"send", "timer", "down", "signal"}
_SHOWN: Final = {"spawn", "reply", "exit"} | _MESSAGES
_PID: Final = re.compile(r"(?<=.)<0\.\d+\.0>$")  # what a trace puts after the name of a nameless process

# Measures of the drawing, in pixels.
_MARGIN, _ROW, _HEAD, _LETTER = 64, 34, 52, 7.3
_NARROW, _WIDE = 150, 250  # of a column
_INK: Final = 'stroke="currentColor" fill="none" stroke-width="1.5"'
_DASHES: Final = {"reply": "6 4", "spawn": "2 4", "signal": "10 3 2 3", "down": "10 3 2 3"}


@dataclass(frozen=True, slots=True)
class Line:
    """One event as the chart shows it.

    ``source`` and ``target`` are what the processes are called; ``target`` is empty where a
    process does something by itself: it ends, or takes a message that had to wait.
    """

    time: float
    kind: str
    source: str
    target: str
    words: str

    def __str__(self) -> str:
        if not self.target:
            return f"{self.time:8.3f}  {self.source} {self.words}"
        return f"{self.time:8.3f}  {self.source} -> {self.target}: {self.words}"


def said(event: Event) -> str:
    """What an event says, in the words of whoever wrote the program."""
    match event.kind, event.term:
        case "spawn", _:
            return "starts"
        case "exit", BaseException() as error:
            return f"ends: {describe_exception(error)}"
        case "exit", reason:
            return f"ends: {safe_repr(reason)}"
        case "signal", ExitSignal(_, reason) | reason:
            return f"exit signal {safe_repr(reason)}"
        case "down", Down(_, _, reason):
            return f"DOWN {safe_repr(reason)}"
        case "reply", value:
            return f"reply {safe_repr(value)}"
        case "send", message:
            return in_words(message)
    return safe_repr(event.term)


def lines(trace: Trace) -> list[Line]:
    """The events of a trace that a chart shows, in order.

    That a message was taken out of the mailbox is said only where another one was there too.
    """
    names = _names(trace)
    sent: dict[int, Event] = {}  # messages on their way, or in a mailbox
    mailboxes: dict[Pid | None, list[int]] = {}
    waited: set[int] = set()
    found = []
    for event in trace:
        if event.kind in _MESSAGES and (event.kind != "signal" or isinstance(event.term, ExitSignal)):
            sent[event.number] = event
            mailbox = mailboxes.setdefault(event.other, [])
            waited |= {event.number, *mailbox[-1:]} if mailbox else set()
            mailbox.append(event.number)
        if event.kind in _SHOWN and (event.pid or event.kind == "timer"):
            source, target = names.get(event.pid, CLOCK), names.get(event.other, "")
            found.append(Line(event.time, event.kind, source, target, _printable(said(event))))
        elif event.kind == "receive" and event.cause in sent:
            message = sent.pop(event.cause)
            mailboxes[event.pid].remove(message.number)
            if message.number in waited:
                found.append(Line(event.time, "takes", names[event.pid], "", _printable(f"takes {said(message)}")))
    return found


def _names(trace: Trace) -> dict[Pid | None, str]:
    """A name for each process; only where two are called the same it has the pid in it."""
    pids = dict.fromkeys(pid for event in trace for pid in (event.pid, event.other) if pid)
    names = {pid: _PID.sub("", _printable(trace.name(pid))) for pid in pids}
    often = Counter([*names.values(), CLOCK])
    return {pid: name if often[name] == 1 else name + str(pid).removeprefix("#PID") for pid, name in names.items()}


def _printable(text: str) -> str:
    """What cannot be printed would break a line, or may not stand in XML: it is replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


class Chart:
    """A sequence chart: a picture in a notebook, lines of text in ``print``.

    A solid arrow is a message, a dashed one a reply, a dotted one a start, dash and dot a signal.
    A cross is the end of a process; a dot, where it takes a message out of a full mailbox.
    """

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        talking = [name for line in lines for name in (line.source, line.target) if name]
        self.columns = list(dict.fromkeys(talking))
        longest = max((len(line.words) for line in lines), default=0)
        self._column = round(min(max(longest * _LETTER + 24, _NARROW), _WIDE))

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))

    def __repr__(self) -> str:
        return f"<Chart of {len(self.lines)} events between {', '.join(self.columns) or 'nobody'}>"

    def _repr_html_(self) -> str:
        title = escape(repr(self)[1:-1])
        # JupyterLab takes the tags of SVG out of a notebook that is not trusted, and leaves their
        # text. At a font size of 0 that text does not show; the picture sets a size of its own.
        return (
            '<div class="sequence-chart" style="overflow-x:auto;font-size:0px" tabindex="0" role="region" '
            f'aria-label="{title}">{self.svg()}</div>\n'
            f"<details><summary>The same as text</summary><pre>{escape(str(self))}</pre></details>"
        )

    def svg(self) -> str:
        """The picture. Everything in it that the program said is escaped."""
        width = _MARGIN + self._column * max(1, len(self.columns))
        marks = [line for line in self.lines if not line.target and not self._at_the_edge(line)]
        alone = [self._x(line.source) + 20 + len(self._words(line)) * _LETTER for line in marks]
        width = round(max([width, *alone]))
        height = _HEAD + _ROW * (len(self.lines) + 1)
        title, told = escape(repr(self)[1:-1]), escape(str(self))
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" style="max-width:none" '
            'font-family="monospace" font-size="12" fill="currentColor">'
        )
        parts = [head, f"<title>{title}</title><desc>{told}</desc>"]
        parts += [self._lifeline(name) for name in self.columns]
        parts += [self._row(index, line) for index, line in enumerate(self.lines)]
        return "\n".join([*parts, "</svg>"])

    def _x(self, name: str) -> int:
        return _MARGIN + self._column * self.columns.index(name) + self._column // 2

    def _words(self, line: Line) -> str:
        """As much as there is room for; the text form has it all."""
        columns = abs(self._x(line.source) - self._x(line.target or line.source)) or 1.5 * _WIDE
        return _cut(line.words, int((columns - 20) / _LETTER))

    def _lifeline(self, name: str) -> str:
        """From the process's box to its end."""
        ends = [index for index, line in enumerate(self.lines) if line.kind == "exit" and line.source == name]
        bottom = _y(ends[0] if ends else len(self.lines))
        x, width = self._x(name), self._column - 12
        return (
            f'<rect x="{x - width // 2}" y="8" width="{width}" height="30" rx="4" {_INK}/>'
            + _text(x, 27, _cut(name, int(width / _LETTER)), 'text-anchor="middle" font-weight="bold"')
            + f'<path d="M{x} 38V{bottom}" stroke="currentColor" stroke-opacity="0.5"/>'
        )

    def _row(self, index: int, line: Line) -> str:
        new_time = index == 0 or self.lines[index - 1].time != line.time
        time = _text(0, _y(index) + 4, f"{line.time:.3f}") if new_time else ""
        return time + (self._arrow if line.target not in ("", line.source) else self._mark)(line, _y(index))

    def _arrow(self, line: Line, y: int) -> str:
        x, to = self._x(line.source), self._x(line.target)
        way, anchor = (1, "start") if to > x else (-1, "end")
        dashes = f' stroke-dasharray="{_DASHES[line.kind]}"' if line.kind in _DASHES else ""
        return f'<path d="M{x} {y}H{to - 9 * way}" {_INK}{dashes}/><path d="M{to} {y}l{-10 * way} -5v10z"/>' + _text(
            x + 8 * way, y - 6, self._words(line), f'text-anchor="{anchor}"'
        )

    def _mark(self, line: Line, y: int) -> str:
        """Something that a process does by itself."""
        x = self._x(line.source)
        cross = f'<path d="M{x - 7} {y - 7}l14 14m-14 0l14 -14" {_INK}/>'
        shape = cross if line.kind == "exit" else f'<circle cx="{x}" cy="{y}" r="4"/>'
        if self._at_the_edge(line):
            return shape + _text(x - 12, y + 4, self._words(line), 'text-anchor="end"')
        return shape + _text(x + 12, y + 4, self._words(line))

    def _at_the_edge(self, line: Line) -> bool:
        """Is there room for words only on the left?"""
        return len(self.columns) > 1 and line.source == self.columns[-1]


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

"""The player of a crash lab: from a document of `otp_mini.lab` to one piece of HTML, and to text.

The HTML holds all it needs: the recorded runs, and the script and the style that play them. It
works in a stored notebook, in a page of the book, in an exported file and in a frame, with no
kernel and no network. Where scripts do not run, the text stands in its place.

Every name and every reason comes from the program that was recorded. In the HTML they stand in
JSON, or escaped; the script puts them into the page as text only.

OTP: none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import BadArg, safe_repr
from ..lab import futures_of, seconds_of, start_of
from .front_end import fragment
from .words import printable

Document = Mapping[str, Any]

_STOPPED, _ABSENT = 3, 7  # states of a process at the start, as in the document


def html(document: Document, *, predict: bool = False, select: str | None = None) -> str:
    """A lab as HTML: the reader ends a process and steps through what follows.

    Args:
        document: what `otp_mini.lab.Lab.document` gives.
        predict: ask the reader each time what will happen, before it is shown.
        select: the name of the process that is picked at first.

    Raises:
        BadArg: no process of the lab has the name ``select``.
    """
    return page(options([document], predict=predict, select=select))


def compare_html(documents: Sequence[Document], script: Sequence[int] = (), *, select: str | None = None) -> str:
    """The same crashes in several labs, side by side and in step.

    Args:
        documents: of labs with the same processes, one for each strategy.
        script: actions that are ready to be played; as far as they are stored.
        select: as for `html`.
    """
    return page(options(documents, script=script, select=select))


Options = Mapping[str, Any]
"""What the front end is given: ``labs``, ``script`` (None for one lab alone), ``predict``, ``select``."""


def options(
    documents: Sequence[Document],
    *,
    script: Sequence[int] | None = None,
    predict: bool = False,
    select: str | None = None,
) -> Options:
    """All that the player needs, as plain data; see `html` and `compare_html`."""
    chosen = _index(documents[0], select)
    return {"labs": list(documents), "script": script, "predict": predict, "select": chosen}


def page(chosen: Options) -> str:
    """The player as HTML."""
    label = f"Crash lab: {chosen['labs'][0]['title']}" if chosen["script"] is None else "The strategies side by side"
    return fragment("crash_lab", chosen, label, describe(chosen))


# ---- as text ----------------------------------------------------------------------------------------------


def describe(chosen: Options) -> str:
    """The player as text."""
    labs, script = chosen["labs"], chosen["script"]
    return text(labs[0]) if script is None else compare_text(labs, script)


def text(document: Document) -> str:
    """A lab as text: its tree, and what the reader may do with it.

    Example:
        >>> from otp_mini import GenServer, Supervisor
        >>> from otp_mini.lab import Lab
        >>> async def shop():
        ...     return await Supervisor.start_link([(GenServer, "a cart")], strategy="one_for_one", name="shop")
        >>> print(text(Lab(shop).document()))
        Crash lab: shop
        shop  supervisor, one_for_one, 3 restarts in 5 s
           GenServer  worker, permanent
        Every process can be ended by raise, normal, shutdown or kill; only the supervisors cannot raise.
    """
    ways = document["ways"]
    ending = f"Every process can be ended by {', '.join(ways[:-1])} or {ways[-1]}; only the supervisors cannot raise."
    return "\n".join([f"Crash lab: {printable(document['title'])}", *_outline(document), ending, *_starts(document)])


def compare_text(documents: Sequence[Document], script: Sequence[int] = ()) -> str:
    """Which life each process is in when the script is over, in each of the labs."""
    first = documents[0]
    said = ", ".join(_action(first, action) for action in script) or "nothing yet"
    names = ["", *(printable(proc["name"]) for proc in first["procs"])]
    columns = [names, *([printable(document["title"]), *_lives(document, script)] for document in documents)]
    widths = [max(map(len, column)) for column in columns]
    rows = zip(*columns, strict=True)
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([f"The life that each process is in, after: {said}", *lines])


def _outline(document: Document) -> list[str]:
    """The tree, a line for each process that is there at the start."""
    procs = document["procs"]
    places: list[tuple[int, ...]] = []  # of each process: the numbers of those above it, then its own
    for number, proc in enumerate(procs):
        places.append((*(places[proc["up"]] if proc["up"] >= 0 else ()), number))
    lines = []
    for place in sorted(places):
        proc = procs[place[-1]]
        if proc.get("st") != _ABSENT:
            line = f": {document['lines'][proc['line']]}" if "line" in proc else ""
            lines.append("   " * (len(place) - 1) + f"{printable(proc['name'])}  {_kind(procs, proc)}{line}")
    return lines


def _starts(document: Document) -> list[str]:
    """A line for each supervisor under which the reader may start children."""
    names: dict[int, list[str]] = {}
    for start in document.get("starts", ()):
        names.setdefault(start["up"], []).append(printable(start["name"]))
    procs = document["procs"]
    return [f"Under {printable(procs[up]['name'])} can be started: {', '.join(all_)}." for up, all_ in names.items()]


def _kind(procs: Sequence[Mapping[str, Any]], proc: Mapping[str, Any]) -> str:
    kind = "dynamic supervisor" if proc["kind"] == "dynamic" else proc["kind"]
    if kind == "crowd":
        return f"stands for {proc['count']} children of {printable(procs[proc['up']]['name'])}"
    words = [kind, proc.get("strategy"), proc["restart"]]
    if "max" in proc:
        restarts, seconds = proc["max"]
        words.append(f"{restarts} restarts in {seconds:g} s")
    if proc.get("st") == _STOPPED:
        words.append("not running")
    return ", ".join(word for word in words if word)


def _action(document: Document, action: int) -> str:
    if action < 0:
        return f"{seconds_of(action):g} s pass"
    start = start_of(action)
    if start is not None:
        return f"{printable(document['starts'][start]['name'])} start"
    number, way = divmod(action, 4)
    return f"{printable(document['procs'][number]['name'])} {document['ways'][way]}"


def _lives(document: Document, script: Sequence[int]) -> list[str]:
    """Play the script on what is stored, and count the starts."""
    lives = [1 if "pid" in proc else 0 for proc in document["procs"]]
    start, state = document["ops"].index("start"), 0
    ended = {document["ops"].index(name): name for name in ("exit", "fail")}
    down: set[int] = set()
    for action in script:
        stored = {possible: (run, to) for possible, run, to in futures_of(document, state)}
        if action not in stored:
            continue
        run, state = stored[action]
        flat = document["runs"][run]
        for op, process in zip(flat[::4], flat[1::4], strict=True):
            lives[process] += op == start
            if op in ended:
                down.add(process)
            elif op == start:
                down.discard(process)
    return [f"{life} (down)" if process in down else str(life) for process, life in enumerate(lives)]


def _index(document: Document, name: str | None) -> int | None:
    if name is None:
        return None
    names = [proc["name"] for proc in document["procs"]]
    if name not in names:
        raise BadArg(
            f"select must be the name of a process of the lab, got {safe_repr(name)}; there are: {', '.join(names)}"
        )
    return names.index(name)

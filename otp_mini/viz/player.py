"""The player of a crash lab: from a document of `otp_mini.lab` to one piece of HTML, and to text.

The HTML holds all it needs: the recorded runs, and the script and the style that play them. It
works in a stored notebook, in a page of the book, in an exported file and in a frame, with no
kernel and no network. Where scripts do not run, the text stands in its place.

Every name and every reason comes from the program that was recorded. In the HTML they stand in
JSON, or escaped; the script puts them into the page as text only.

OTP: none
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from ..errors import BadArg, safe_repr
from ..lab import futures_of, seconds_of
from .words import printable

Document = Mapping[str, Any]

_FRONT_END: Final = Path(__file__).resolve().parents[1] / "widgets"
_NO_SCRIPT: Final = "This picture can be played where scripts run."
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
    return _fragment(chosen, label, describe(chosen))


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
    return "\n".join([f"Crash lab: {printable(document['title'])}", *_outline(document), ending])


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


# ---- as HTML ----------------------------------------------------------------------------------------------


def _fragment(chosen: Options, label: str, instead: str) -> str:
    version, code = _code()
    # No "<" is left in the JSON, so nothing in it can end its script or begin a comment.
    data = json.dumps(chosen, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="crash-lab" data-crash-lab="{version}" role="group" aria-label="{escape(printable(label))}">'
        f'<script type="application/json">{data}</script>'
        f'<pre class="fallback">{escape(instead)}</pre><p>{_NO_SCRIPT}</p></div>\n'
        f'<script data-crash-lab-code="{version}">\n{code}</script>\n'
    )


@functools.cache
def module() -> tuple[str, str]:
    """The front end, squeezed: its ES module with the function ``show(element, options, more)``, and its style."""
    source, css = ((_FRONT_END / f"crash_lab.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return f"{squeezed_script(source)}\n{_SHOW}", squeezed_style(css)


_SHOW: Final = (
    "const show = (el, { labs, script, ...chosen }, more) => "
    "script ? compare(el, labs, { ...chosen, ...more, script }) : mount(el, labs[0], { ...chosen, ...more });"
)


@functools.cache
def _code() -> tuple[str, str]:
    """The front end as a classic script, under a name that its content gives.

    A module script would not know when it runs. This one defines itself once for a page, then
    mounts every lab that is there and not mounted yet: so outputs may come in any order and late.
    """
    source, css = module()
    body = re.sub(r"^export ", "", source, flags=re.MULTILINE)
    parts = f"{{ show, css: {json.dumps(css)} }}"
    version = hashlib.sha256((body + parts + _MOUNT).encode()).hexdigest()[:8]
    define = f'(globalThis.crashLab ??= {{}})["{version}"] ??= (() => {{\n{body}\nreturn {parts};\n}})();\n'
    # What would end the script, or begin a comment in it, is written in another way.
    code = (define + _MOUNT.replace("VERSION", version)).replace("</", "<\\/").replace("<!--", "<\\!--")
    return version, code


_MOUNT: Final = """\
for (const el of document.querySelectorAll('[data-crash-lab="VERSION"]:not([data-ready])')) {
el.dataset.ready = "";
const { show, css } = globalThis.crashLab["VERSION"];
show(el, JSON.parse(el.querySelector("script").textContent), { css, live: () => document.querySelector(".live-run") });
}
"""
"""``.live-run`` is the button "Run live" of the book, where the page has one."""


def squeezed_script(source: str) -> str:
    """A script without comments and indentation.

    It must keep to what is taken for granted here: no comment begins inside of a line unless two
    spaces and ``//`` begin it, and no text goes over several lines.
    """
    source = re.sub(r"^[ \t]*/\*.*?\*/[ \t]*$", "", source, flags=re.DOTALL | re.MULTILINE)
    lines = (re.sub(r"(^|\s\s+)// .*$", "", line).strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line)


def squeezed_style(source: str) -> str:
    """A style sheet without comments and the space that means nothing; the one mark in it stays.

    No text in it may hold a comma, a colon, a semicolon or a brace. A space before a colon means something: below.
    """
    mark = "/* ---- inside ---- */"
    parts = [re.sub(r"/\*.*?\*/", "", part, flags=re.DOTALL) for part in source.split(mark)]
    bare = [re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", " ".join(part.split())) for part in parts]
    return mark.join(part.replace(";}", "}") for part in bare)


def _index(document: Document, name: str | None) -> int | None:
    if name is None:
        return None
    names = [proc["name"] for proc in document["procs"]]
    if name not in names:
        raise BadArg(
            f"select must be the name of a process of the lab, got {safe_repr(name)}; there are: {', '.join(names)}"
        )
    return names.index(name)

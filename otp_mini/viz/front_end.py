"""The front end of the labs, as text for a page: a script that all labs share, and one for each kind.

Each script defines itself once for a page, under a name that its content gives. So outputs may come in any
order and more than once, and two labs of different kinds on one page load what they share once.

OTP: none
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from .words import printable

_FOLDER: Final = Path(__file__).resolve().parents[1] / "widgets"
_NO_SCRIPT: Final = "This picture can be played where scripts run."
_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "\./lab_parts\.js";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?:class|function|const|async function) (\w+)", re.MULTILINE)
_LISTED: Final = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)


def fragment(kind: str, data: Mapping[str, Any], label: str, instead: str, goes_on: bool = True) -> str:
    """A lab as HTML.

    Args:
        kind: the name of its files in ``otp_mini/widgets``: ``crash_lab`` or ``schedule_lab``.
        data: what its ``show`` is given.
        label: says what it is to whoever cannot see it.
        instead: the text that stands where scripts do not run.
        goes_on: could a Python tell more than is in the data? A page that has one looks for ``data-goes-on``.
    """
    shared, own = _shared(), _own(kind)
    # No "<" is left in the JSON, so nothing in it can end its script or begin a comment.
    plain = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    named = kind.replace("_", "-")
    marks = f'data-{named}="{own[0]}"{" data-goes-on" * goes_on}'
    return (
        f'<div class="otp-lab {named}" {marks} role="group" aria-label="{escape(printable(label))}">'
        f'<script type="application/json">{plain}</script>'
        f'<pre class="fallback">{escape(instead)}</pre><p>{_NO_SCRIPT}</p></div>\n'
        f'<script data-lab-code="lab_parts.{shared[0]}">\n{shared[1]}</script>\n'
        f'<script data-lab-code="{kind}.{own[0]}">\n{own[1]}</script>\n'
    )


@functools.cache
def module(kind: str) -> tuple[str, str]:
    """The front end of a widget, squeezed: its ES module with ``show(element, data, more)``, and its style."""
    return f"{_plain('lab_parts')}\n{_IMPORT.sub('', _plain(kind))}", _style(kind)


def _plain(name: str) -> str:
    return squeezed_script((_FOLDER / f"{name}.js").read_text(encoding="utf-8"))


def _style(kind: str) -> str:
    """The shared style and the lab's own, each with its part for the page and its part for the shadow root."""
    parts = [squeezed_style((_FOLDER / f"{name}.css").read_text(encoding="utf-8")) for name in ("lab_parts", kind)]
    return "".join(parts)


def _bare(source: str) -> str:
    """A module's text as the body of a function."""
    return re.sub(r"^export ", "", _LISTED.sub("", _IMPORT.sub("", source)), flags=re.MULTILINE)


@functools.cache
def _shared() -> tuple[str, str]:
    source = _plain("lab_parts")
    listed = ",".join(found[1] for found in _LISTED.finditer(source))
    names = sorted({*_EXPORT.findall(source), *(name.strip() for name in listed.split(",") if name.strip())})
    css = json.dumps(_style_of("lab_parts"))
    body = f"{_bare(source)}\nreturn {{ {', '.join(names)}, SHARED_CSS: {css} }};"
    version = _version(body)
    return version, _inert(f'(globalThis.otpLabs ??= {{}})["{version}"] ??= (() => {{\n{body}\n}})();\n')


@functools.cache
def _own(kind: str) -> tuple[str, str]:
    source, shared = _plain(kind), _shared()[0]
    used = _IMPORT.search(source)
    names = used[1] if used is not None else ""
    body = (
        f'const {{{names}, SHARED_CSS }} = globalThis.otpLabs["{shared}"];\n{_bare(source)}\n'
        f"return {{ show, css: SHARED_CSS + {json.dumps(_style_of(kind))} }};"
    )
    named = kind.replace("_", "-")
    version = _version(body + _MOUNT)
    define = f'(globalThis.otpLabs ??= {{}})["{version}"] ??= (() => {{\n{body}\n}})();\n'
    return version, _inert(define + _MOUNT.replace("VERSION", version).replace("KIND", named))


def _style_of(name: str) -> str:
    return squeezed_style((_FOLDER / f"{name}.css").read_text(encoding="utf-8"))


def _version(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:8]


def _inert(code: str) -> str:
    """What would end a script, or begin a comment in it, is written in another way."""
    return code.replace("</", "<\\/").replace("<!--", "<\\!--")


_MOUNT: Final = """\
for (const el of document.querySelectorAll('[data-KIND="VERSION"]:not([data-ready])')) {
el.dataset.ready = "";
const { show, css } = globalThis.otpLabs["VERSION"];
const live = () => document.querySelector(".live-run");
show(el, JSON.parse(el.querySelector("script").textContent), { css, address: true, live });
}
"""
"""``.live-run`` is the button of the book that opens the chapter as a notebook, where the page has one.

A classic script: a module script would not know when it runs. It mounts every lab that is there and not
mounted yet.
"""


def squeezed_script(source: str) -> str:
    """A script without comments, indentation and most of the space that means nothing.

    It must keep to what is taken for granted here: no comment begins inside of a line unless two
    spaces and ``//`` begin it, and no text goes over several lines.
    """
    source = re.sub(r"^[ \t]*/\*.*?\*/[ \t]*$", "", source, flags=re.DOTALL | re.MULTILINE)
    lines = (re.sub(r"(^|\s\s+)// .*$", "", line).strip() for line in source.splitlines())
    return "\n".join(_squeezed_line(line) for line in lines if line)


_TEXT: Final = re.compile(r'("(?:[^"\\]|\\.)*"|`[^`]*`)')
_MARK: Final = re.compile(r"\s*([=<>?:,;{}()&|])\s*")


def _squeezed_line(line: str) -> str:
    """A line of a script without the space around its marks; where it could hold a pattern, as it is.

    So is one with several templates, for one could stand in the other.
    ``+`` and ``-`` keep their space: two of them side by side mean something else. So does an ``import``: it is read.
    """
    if any(mark in line for mark in "'/") or line.count("`") > 2 or line.startswith(("import ", "export {")):
        return line
    return "".join(part if part[:1] in ('"', "`") else _MARK.sub(r"\1", part) for part in _TEXT.split(line))


def squeezed_style(source: str) -> str:
    """A style sheet without comments and the space that means nothing; the one mark in it stays.

    No text in it may hold a comma, a colon, a semicolon or a brace. A space before a colon means something: below.
    """
    mark = "/* ---- inside ---- */"
    parts = [re.sub(r"/\*.*?\*/", "", part, flags=re.DOTALL) for part in source.split(mark)]
    bare = [re.sub(r"\s*([{};,])\s*|(:)\s+", r"\1\2", " ".join(part.split())) for part in parts]
    return mark.join(part.replace(";}", "}") for part in bare)

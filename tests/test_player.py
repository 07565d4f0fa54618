"""The player of a crash lab as HTML and as text: whole, the same every time, and no name in it becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from lab_scenarios import RAISES, crowd, linked, nursery, pair, part, picky, shop

import otp_mini
from otp_mini import BadArg, Supervisor
from otp_mini.lab import Lab, strategy_labs
from otp_mini.viz import front_end, player

FRONT_END = Path(otp_mini.__file__).parent / "widgets"
SCRIPT = (FRONT_END / "crash_lab.js").read_text(encoding="utf-8")
SCRIPTS = {
    name: (FRONT_END / f"{name}.js").read_text(encoding="utf-8") for name in ("lab_parts", "crash_lab", "schedule_lab")
}
STYLES = [(FRONT_END / f"{name}.css").read_text(encoding="utf-8") for name in SCRIPTS]

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "]]>--><!--",
    "a\"b'c`${1}&amp;\\",
    "**bold** [link](javascript:hacked) $x$",
    'x" -> "y"; } digraph {',
    "two\nlines\u2028\x00\ud800",
    "",
]


class Tags(HTMLParser):
    """The tags of a piece of HTML, what stands in each script, and all other text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._script = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"
        if self._script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[-1] += data
        else:
            self.text += data


def document(scenario: Any, depth: int = 1, **options: Any) -> dict[str, Any]:
    return Lab(scenario, **options).document(depth)


async def hostile() -> Any:
    return await Supervisor.start_link([part(name) for name in HOSTILE], strategy="one_for_all")


# ---- as HTML ---------------------------------------------------------------------------------------------


def test_the_html_holds_the_document_and_what_was_chosen() -> None:
    shown = document(pair)
    parsed = Tags(player.html(shown, predict=True, select="B"))
    assert json.loads(parsed.scripts[0]) == {"labs": [shown], "script": None, "predict": True, "select": 2}


def test_a_comparison_holds_every_document_and_the_script() -> None:
    labs, script = strategy_labs([part("A"), part("B")], [("A", "raise"), "wait"])
    documents = [lab.document(2) for lab in labs]
    data = json.loads(Tags(player.compare_html(documents, script)).scripts[0])
    assert data["labs"] == documents
    assert data["script"] == [4, -6000]


def test_the_html_is_one_labelled_element_and_two_scripts() -> None:
    parsed = Tags(player.html(document(pair, title="A & B")))
    assert [tag for tag, _ in parsed.tags] == ["div", "script", "pre", "p", "script", "script"]
    assert parsed.tags[0][1]["role"] == "group"
    assert parsed.tags[0][1]["aria-label"] == "Crash lab: A & B"


def test_the_same_lab_gives_the_same_html() -> None:
    assert player.html(document(shop, raises=RAISES)) == player.html(document(shop, raises=RAISES))


def test_the_html_names_no_host_and_loads_nothing() -> None:
    html = player.html(document(pair))
    assert set(re.findall(r"[a-z]+://[\w./]+", html)) == {"http://www.w3.org/2000/svg"}  # the name of a namespace
    assert not re.search(r"<(link|img|iframe)\b|\bsrc=|@import|url\(", html)


def test_what_a_program_says_stands_in_the_html_as_text() -> None:
    raises = {name: RuntimeError(name) for name in HOSTILE[:6]}
    shown = document(hostile, title=HOSTILE[0], raises=raises)
    html = player.html(shown)
    parsed = Tags(html)
    assert [tag for tag, _ in parsed.tags] == ["div", "script", "pre", "p", "script", "script"]
    assert json.loads(parsed.scripts[0])["labs"] == [shown]
    assert HOSTILE[0] in parsed.text
    assert HOSTILE[3] in parsed.text
    assert html.encode("utf-8")


@pytest.mark.parametrize("make", [player.html, lambda shown, **options: player.compare_html([shown], **options)])
def test_a_process_that_is_not_there_cannot_be_selected(make: Callable[..., str]) -> None:
    with pytest.raises(BadArg, match="select must be the name of a process of the lab, got 'C'; there are: top, A, B"):
        make(document(pair), select="C")


# ---- as text ---------------------------------------------------------------------------------------------


def test_the_text_shows_the_tree_and_what_can_be_done() -> None:
    assert player.text(document(shop)) == "\n".join(
        [
            "Crash lab: Shop",
            "Shop  supervisor, rest_for_one, 3 restarts in 5 s",
            "   Database  worker, permanent",
            "   Orders  supervisor, one_for_all, permanent, 3 restarts in 5 s",
            "      Cart  worker, permanent",
            "      Payment  worker, permanent",
            "      Stock  worker, permanent",
            "   Web  supervisor, one_for_one, permanent, 3 restarts in 5 s",
            "      Listener  worker, permanent",
            "      Mailer  worker, transient",
            "      Report  worker, temporary",
            "Every process can be ended by raise, normal, shutdown or kill; only the supervisors cannot raise.",
        ]
    )


def test_the_text_tells_a_crowd_and_a_process_beyond_the_tree() -> None:
    assert "   496 more  stands for 496 children of pool" in player.text(document(crowd, 0))
    assert "      helper  process" in player.text(document(linked, 0))


def test_the_text_leaves_out_who_is_not_there_yet() -> None:
    lab = Lab(nursery)
    lab.ask([lab.action(("N", "kill"))])  # a second child turns up
    after = lab.document(0)
    assert [proc["name"] for proc in after["procs"]].count("born 2") == 1
    assert "born 2" not in player.text(after)


def test_every_process_has_one_line_of_the_text_whatever_its_name() -> None:
    lines = player.text(document(hostile, 0)).splitlines()
    assert len(lines) == 1 + 1 + len(HOSTILE) + 1


def test_a_title_with_a_line_break_and_half_a_character_stays_one_line() -> None:
    shown = document(pair, title="two\nlines\ud800")
    said = "Crash lab: two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}"
    assert player.text(shown).splitlines()[0] == said
    assert Tags(player.html(shown)).tags[0][1]["aria-label"] == said


def test_a_comparison_as_text_counts_lives_and_tells_who_is_down() -> None:
    labs, script = strategy_labs([part("A"), part("B", restart="temporary")], [("A", "kill"), ("B", "kill")])
    text = player.compare_text([lab.document(2) for lab in labs], script)
    assert [line.split(None, 1) for line in text.splitlines()[1:]] == [
        ["one_for_one", "rest_for_one  one_for_all"],
        ["Supervisor", "1            1             1"],
        ["A", "2            2             2"],
        ["B", "1 (down)     1 (down)      1 (down)"],
    ]


def test_a_failed_start_counts_as_a_life_in_a_comparison_as_text() -> None:
    shown = document(picky)
    text = player.compare_text([shown], [4 * 2])
    assert re.search(r"^P +4$", text, re.M), text
    assert text.startswith("The life that each process is in, after: P raise\n")


# ---- the front end's own files -----------------------------------------------------------------------------


def test_the_front_end_stays_small() -> None:
    """Once for a page: what a reader meets in it (each control says why, nothing moves) is worth 70 kilobytes."""
    assert len(SCRIPT.encode()) < 70 * 1024
    assert len(player.html(document(pair))) < 85_000


CHAPTERS = sorted((Path(__file__).resolve().parents[1] / "notebooks").rglob("*.ipynb"))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_labs_of_a_chapter_are_less_than_150_kilobytes(chapter: Path) -> None:
    """As the book holds them: all that was recorded, and the scripts once."""
    outputs = [
        output
        for cell in json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
    labs = [Tags(page).scripts for page in pages if "data-crash-lab" in page]
    assert sum(len(data) for data, *_ in labs) + max((len("".join(code)) for _, *code in labs), default=0) < 150_000


def test_the_front_end_names_no_host() -> None:
    everything = "".join([*SCRIPTS.values(), *STYLES])
    assert re.findall(r"https?://[^\"\s]+", everything) == ["http://www.w3.org/2000/svg"]


def test_the_front_end_never_turns_text_into_markup() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    assert re.findall(forbidden, "".join(SCRIPTS.values())) == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_keeps_to_what_the_squeezing_takes_for_granted(name: str) -> None:
    code = re.sub(r"^\s*/\*.*?\*/\s*$", "", SCRIPTS[name], flags=re.DOTALL | re.MULTILINE)
    for line in code.splitlines():
        said, comment, _ = line.partition("// ")
        assert line.count("`") % 2 == 0, f"a text that goes over several lines: {line}"
        assert not comment or not said.strip() or said.endswith("  "), f"two spaces stand before a comment: {line}"
        assert said.count('"') % 2 == 0, f"what looks like a comment stands in a text: {line}"
        assert "/*" not in said.replace('"/* ---- inside ---- */"', ""), line


def test_squeezing_takes_comments_and_empty_space_and_nothing_else() -> None:
    source = '/* Head. */\nconst a = 1;  // one\n\n  // why\n  const b = "x // y";\n  /** It\n   *  is. */\n  go(a);\n'
    assert front_end.squeezed_script(source) == 'const a=1;\nconst b = "x // y";\ngo(a);'
    line = 'f = (a, b) => (a ? b : "a , b" + " => ") || a - -b;'
    assert front_end.squeezed_script(line) == 'f=(a,b)=>(a?b:"a , b" + " => ")||a - -b;'
    assert front_end.squeezed_script("x = `a ${b ? c : d} e` ;") == "x=`a ${b ? c : d} e`;"
    nested = "x = `a ${b ? `c , d` : e} f`;"
    for line in (nested, "y = /a , b/;", "z = 'a , b';"):  # what is no plain text stays as it is
        assert front_end.squeezed_script(line) == line
    style = "/* a */\n.a {\n  color: red;\n}\n/* ---- inside ---- */\n.b { top: 0 } /* b */\n"
    assert front_end.squeezed_style(style) == ".a{color:red}/* ---- inside ---- */.b{top:0}"

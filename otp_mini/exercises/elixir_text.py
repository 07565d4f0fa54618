"""Read a module of Elixir as text, and tell whether two of its clauses are the same.

Nothing here runs Elixir. A text is taken apart into words and a module into clauses, so that what a student wrote can
be compared with ways that real Elixir has run. Two clauses are the same if they differ in white space and comments, in
the names of their variables, in ``, do:`` or ``do … end``, and in the underscores of a number. Whatever else differs
makes them two, also where both would do the same: a check can then say that it does not know the way, and no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

Words = tuple[str, ...]

_WORD: Final = re.compile(
    r"""(?P<blank>[ \t\r]+|\#[^\n]*)
    | (?P<text>\"\"\"[\s\S]*?\"\"\" | ~[a-zA-Z](?:"[^"]*"|/[^/]*/|\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|\|[^|]*\|)[a-z]*
        | \?(?:\\.|\S)(?!\w) | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
    | (?P<atom>:[A-Za-z_]\w*[?!]? | :"(?:\\.|[^"\\])*")
    | (?P<key>[A-Za-z_]\w*[?!]?:(?=\s))
    | (?P<number>\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?)
    | (?P<name>@?[A-Za-z_]\w*[?!]?)
    | (?P<sign>-> | <- | \|> | \\\\ | => | :: | << | >> | =~ | ===? | !== | != | <= | >= | && | \|\|
        | \+\+ | -- | <> | \.\. | [-+*/=<>|&^!.,;(){}\[\]%\n])""",
    re.VERBOSE,
)
_RESERVED: Final = {
    "do", "end", "fn", "true", "false", "nil", "when", "and", "or", "not", "in", "after", "else", "rescue", "catch",
}  # fmt: skip
_GOES_ON: Final = {
    "do", "->", "=", "=>", "<-", "|>", "==", "===", "!=", "<", ">", "<=", ">=", "&&", "||", "++", "--", "<>", "*", "/",
    "|", "and", "or", "in", "when", "else", "fn", ",", "(", "[", "{", "+", "-",
}  # fmt: skip
_CONTINUES: Final = {")", "]", "}", "end", "else", "when", "|>"}
_PAIRS: Final = {")": "(", "]": "[", "}": "{", "end": "do"}


class Unreadable(Exception):
    """The text is no module of Elixir: what was seen, and what to look at."""

    def __init__(self, seen: str, idea: str) -> None:
        super().__init__(seen, idea)
        self.seen, self.idea = seen, idea


@dataclass(frozen=True)
class Clause:
    """One clause: the name of its function, and all its words in their normal form."""

    name: str
    words: Words  # as they were written
    same: Words  # equal for clauses that are the same

    def __str__(self) -> str:
        return spelt(self.words)


@dataclass(frozen=True)
class Module:
    """A module: its name, what stands in it besides clauses, and the clauses in their order."""

    name: str
    lines: tuple[Words, ...]
    clauses: tuple[Clause, ...]

    def of(self, name: str) -> list[Clause]:
        """The clauses of one function."""
        return [clause for clause in self.clauses if clause.name == name]


def words_of(text: str) -> Words:
    """The words of a text, without white space and comments; a newline stays where it ends an expression.

    Raises:
        Unreadable: a character that no word of Elixir begins with.
    """
    found: list[str] = []
    at, blank = 0, True
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            line = text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0].strip()
            head = "how a head ends: with `do`, or with a comma and `do:`. And " * (
                text[at] == ":" and found[-1:] == [")"]
            )
            raise Unreadable(f"`{line}`", f"{head}the character {text[at]!r}, with which nothing begins there")
        at = match.end()
        word, kind = match[0], match.lastgroup
        if kind == "number":
            word = word.replace("_", "")
        after = at < len(text) and text[at].isspace()
        if (word == "(" and blank and _is_callable(found)) or (word in "+-" and blank and not after) or word == ".":
            word = " " * (blank or after) + word  # here a blank makes a difference
        if kind != "blank":
            found.append("\n" if word == ";" else word)
        blank = kind == "blank" or word == "\n"
    return _without_needless_newlines(found)


def _is_callable(found: list[str]) -> bool:
    return bool(found) and bool(re.match(r"\w", found[-1])) and found[-1] not in _RESERVED


def _without_needless_newlines(found: list[str]) -> Words:
    kept: list[str] = []
    for word in found:
        if word == "\n" and (not kept or kept[-1] in _GOES_ON or kept[-1] == "\n"):
            continue
        while kept and kept[-1] == "\n" and word in _CONTINUES:
            kept.pop()
        kept.append(word)
    return tuple(kept[:-1] if kept and kept[-1] == "\n" else kept)


def spelt(words: Words) -> str:
    """The words as a line that a reader knows again."""
    line = re.sub(r" +", " ", " ".join(words).replace("\n", ";"))
    line = re.sub(r"(?<=[(\[{]) | (?=[)\]},;.])|(?<=\w)\.? (?=\()", "", line)
    return re.sub(r"(?<=\w)\. ", ".", line)


def module_of(text: str) -> Module:
    """Take a module apart.

    Raises:
        Unreadable: it is none; what is wrong is said.
    """
    words = words_of(text)
    _closed(words)
    if words[:1] == ("defmodule",) and words[-1] != "end" and "end" in words:
        rest = words[len(words) - words[::-1].index("end") :]
        raise Unreadable(f"`{spelt(rest[:8])}`", "what stands after the last `end`: that of the module ends the text")
    if words[:1] != ("defmodule",) or words[2:3] != ("do",) or words[-1] != "end":
        seen = f"`{spelt(words[:4])} …`" if words else "no line of Elixir"
        raise Unreadable(seen, "the frame: `defmodule`, a name and `do` in the first line, and `end` in the last one")
    lines, clauses = [], []
    for line in _lines(words[3:-1]):
        if line[0] in ("def", "defp"):
            clauses.append(_clause(line))
        else:
            lines.append(line)
    return Module(words[1], tuple(lines), tuple(clauses))


def _closed(words: Words) -> None:
    """See that each bracket and each `do` is closed, by its like."""
    opened: list[str] = []
    for at, word in enumerate(words):
        if word in ("do", "fn") or word.strip() in ("(", "[", "{"):
            opened.append("do" if word == "fn" else word.strip())
        elif word in _PAIRS:
            if not opened or opened[-1] != _PAIRS[word]:
                _not_closed(opened, f"`{spelt(words[max(0, at - 8) : at + 1])}`", word)
            opened.pop()
    if opened:
        _not_closed(opened, f"`{spelt(words[-8:])}`, and the text is over", "")


def _not_closed(opened: list[str], seen: str, word: str) -> None:
    if opened and opened[-1] != "do":
        raise Unreadable(seen, f"the brackets: one that was opened by `{opened[-1]}` is not closed there")
    if word == "end":
        raise Unreadable(seen, "an `end` that closes nothing: `, do:` has none, and each `do` has one")
    if word:
        raise Unreadable(seen, f"the brackets: `{word}` closes none that was opened after the last `do`")
    raise Unreadable(seen, "an `end` is missing: each `do` has one, that of the module too. (`, do:` has none)")


def _lines(words: Words) -> list[Words]:
    """What stands in a module, expression by expression."""
    found: list[Words] = []
    line: list[str] = []
    depth = 0
    for word in (*words, "\n"):
        depth += (word in ("do", "fn") or word.strip() in ("(", "[", "{")) - (word in _PAIRS)
        if word == "\n" and depth == 0:
            found += [tuple(line)] if line else []
            line = []
        else:
            line.append(word)
    return found


def _clause(words: Words) -> Clause:
    body = _block(words)
    if "do" not in body and (words[-1] != ")" or "->" in words):
        idea = "what stands between the head of a clause and its body: `do` … `end`, or a comma and `do:`"
        raise Unreadable(f"`{spelt(words)}`", idea)
    return Clause(words[1], words, _renamed(body))


def _block(words: Words) -> Words:
    """A clause with `, do:` as one with `do … end`."""
    depth = 0
    for at, word in enumerate(words):
        depth += (word in ("do", "fn") or word.strip() in ("(", "[", "{")) - (word in _PAIRS)
        if depth == 0 and word == "do:" and words[at - 1] == ",":
            return (*words[: at - 1], "do", *words[at + 1 :], "end")
    return words


def _renamed(words: Words) -> Words:
    """The clause with numbers for its variables, in the order in which they come; `_` for one that comes once."""
    variables = [word for at, word in enumerate(words) if at > 1 and _is_variable(words, at)]
    numbers = {word: f"v{n}" for n, word in enumerate(dict.fromkeys(w for w in variables if variables.count(w) > 1))}
    renamed = list(words)
    for at in range(2, len(words)):
        if _is_variable(words, at) and words[at] != "_":
            renamed[at] = numbers.get(words[at], "_")
    return tuple(renamed)


def _is_variable(words: Words, at: int) -> bool:
    word = words[at]
    if not re.fullmatch(r"[a-z_]\w*", word) or word in _RESERVED or word.startswith("__"):
        return False
    return words[at + 1 : at + 2] != ("(",) and words[at - 1] != "." and word != "self"

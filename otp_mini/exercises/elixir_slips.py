"""What somebody who knows Python writes in Elixir by habit, and what to look at in its place.

Each row is a shape of words and not of meaning. It may fit in a module that is right, so it only chooses the words for
a module that is not known to be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .elixir_text import Words

_ROWS: Final = (
    (r"\w [-+*/] = ", "a name that is bound again", "what changes: nothing in place. There is no `-=`"),
    (
        r"^defp? \w+ \( (?:(?! do\b).)* \) (?:if|unless)\b",
        "a condition after `when`",
        "the word before a condition in a head: it is `when`",
    ),
    (r"\w is (?:not )?[\w:]", "a comparison", "how two values are compared: with `==`. There is no `is`"),
    (
        r"\bif (?:(?!end\b|else\b).)*? do (?:(?!\b(?:if|end|else)\b).)*?\b([a-z]\w*) = .*? end\b.*\b\1\b",
        "a name that is bound outside of the `if`",
        "how far a name reaches: what is bound inside an `if` is forgotten at its `end`. Bind what the `if` returns",
    ),
    (
        r"\bif (?:(?! else\b| end\b).)* do (?:(?! else\b| end\b).)* end\b",
        "an `if` with its `else`",
        "what an `if` without an `else` is: nil, where its condition is false. And nothing returns early",
    ),
    (
        r"\{ :stop , \w+ , \{ :jammed ",
        "the reason before the state",
        "the order of a stop: the reason, and last of all the state",
    ),
    (r"\[ :jammed ,", "a tuple", "the brackets: a tuple of Python is `{…}` in Elixir, and `[…]` is a list"),
    (
        r"\( :(?:reply|noreply|stop|ok|jam|jammed|released|continue) ,",
        "a tuple",
        "the brackets: a tuple of Python is `{…}` in Elixir",
    ),
    (r"^defp? \w+ \( self ,", "the arguments alone", "what a function is given: there are no instances, and no `self`"),
    (r"\bself\b(?! ?\()", "`self()`", "the process itself: it is called, `self()`, with its brackets"),
    (
        r"\bGenServer \. start \(",
        "`GenServer.start_link`",
        "who is told of the end: a supervisor is linked to what it starts",
    ),
    (
        r"^defp? \w+ \( (?:\{ )?(?:left|release|pulled|pull|jam) ,",
        "an atom",
        "a word without a colon: in a head it is a name, and takes everything",
    ),
    (r"\bf [\"']", "a text", "how a value comes into a text: by `#{…}`, with no letter before the text"),
    (
        r"^def handle_cast (?!.*:stop).*:jam\b",
        "a stop",
        "what a jam does: it ends the winch, with a reason, and the state comes last",
    ),
)
_LONGEST: Final = 2_000  # characters of a clause in which is looked: some rows go over a line again and again


def slips(words: Words) -> Iterator[tuple[str, str]]:
    """What was hoped for and what to look at, for each habit that is seen in the words."""
    line = re.sub(r"\s+", " ", " ".join(words))[:_LONGEST]
    for shape, hoped, idea in _ROWS:
        if re.search(shape, line):
            yield hoped, idea

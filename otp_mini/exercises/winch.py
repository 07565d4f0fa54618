"""The check of chapter 20 for Elixir that a student writes: a winch, which the chapter has in Python.

It is checked at once and on every machine, also in a page, where no Elixir is. What was written is compared, clause by
clause, with ways that real Elixir has run (`WAYS`; the tests run each of them). A way that is not among them may be
right all the same. If the machine has an ``elixir``, that runs the module and decides; if not, the check says that it
does not know this way, and never "ok".
"""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Any, Final

from ..errors import safe_repr
from .checking import NotYet
from .elixir_slips import slips
from .elixir_text import Clause, Module, Unreadable, Words, module_of, spelt, words_of
from .winch_run import run

WAYS: Final = """
def start_link(metres), do: GenServer.start_link(__MODULE__, metres)
# or
def start_link(metres), do: GenServer.start_link(Winch, metres)
# or
def start_link(metres), do: GenServer.start_link(__MODULE__, metres, [])
# function
def init(metres), do: {:ok, metres, {:continue, :pull}}
# function
def handle_continue(:pull, 0), do: {:stop, :normal, 0}
# or
def handle_continue(_work, 0), do: {:stop, :normal, 0}
# or
def handle_continue(:pull, 0 = metres), do: {:stop, :normal, metres}
# or
def handle_continue(:pull, metres) when metres == 0, do: {:stop, :normal, metres}
# or
def handle_continue(:pull, metres) when metres == 0, do: {:stop, :normal, 0}
# or
def handle_continue(_work, metres) when metres == 0, do: {:stop, :normal, metres}
# then
def handle_continue(:pull, metres) do
  Process.send_after(self(), :pulled, 250)
  {:noreply, metres}
end
# or
def handle_continue(_work, metres) do
  Process.send_after(self(), :pulled, 250)
  {:noreply, metres}
end
# or
def handle_continue(:pull, metres) do
  _timer = Process.send_after(self(), :pulled, 250)
  {:noreply, metres}
end
# or
def handle_continue(:pull, metres) do
  :erlang.send_after(250, self(), :pulled)
  {:noreply, metres}
end
# otherwise
def handle_continue(:pull, metres) do
  if metres == 0 do
    {:stop, :normal, metres}
  else
    Process.send_after(self(), :pulled, 250)
    {:noreply, metres}
  end
end
# or
def handle_continue(_work, metres) do
  if metres == 0 do
    {:stop, :normal, metres}
  else
    Process.send_after(self(), :pulled, 250)
    {:noreply, metres}
  end
end
# or
def handle_continue(:pull, metres) do
  case metres do
    0 ->
      {:stop, :normal, 0}
    _ ->
      Process.send_after(self(), :pulled, 250)
      {:noreply, metres}
  end
end
# or
def handle_continue(_work, metres) do
  case metres do
    0 ->
      {:stop, :normal, metres}
    _ ->
      Process.send_after(self(), :pulled, 250)
      {:noreply, metres}
  end
end
# function
def handle_info(:pulled, metres), do: {:noreply, metres - 1, {:continue, :pull}}
# or
def handle_info(:pulled, metres) do
  metres = metres - 1
  {:noreply, metres, {:continue, :pull}}
end
# or
def handle_info(:pulled, metres) do
  left = metres - 1
  {:noreply, left, {:continue, :pull}}
end
# then
def handle_info(_message, metres), do: {:noreply, metres}
# otherwise
def handle_info(message, metres) do
  case message do
    :pulled -> {:noreply, metres - 1, {:continue, :pull}}
    _ -> {:noreply, metres}
  end
end
# function
def handle_call(:left, _from, metres), do: {:reply, metres, metres}
# or
def handle_call(:left, from, metres) do
  GenServer.reply(from, metres)
  {:noreply, metres}
end
# then
def handle_call(:release, _from, metres), do: {:stop, :normal, {:released, metres}, metres}
# or
def handle_call(:release, from, metres) do
  GenServer.reply(from, {:released, metres})
  {:stop, :normal, metres}
end
# otherwise
def handle_call(:release, _from, metres), do: {:stop, :normal, {:released, metres}, metres}
# then
def handle_call(:left, _from, metres), do: {:reply, metres, metres}
# otherwise
def handle_call(request, _from, metres) do
  case request do
    :left -> {:reply, metres, metres}
    :release -> {:stop, :normal, {:released, metres}, metres}
  end
end
# function
def handle_cast({:jam, what}, metres), do: {:stop, {:jammed, what}, metres}
# or
def handle_cast(request, metres) do
  {:jam, what} = request
  {:stop, {:jammed, what}, metres}
end
# or
def handle_cast(request, metres) do
  case request do
    {:jam, what} -> {:stop, {:jammed, what}, metres}
  end
end
"""
"""``# or``: another way for a clause; ``# then``: the next clause of its function; ``# otherwise``: others for it."""

USES: Final = ("use GenServer, restart: :transient", "use(GenServer, restart: :transient)")
FRAME: Final = "defmodule Winch do\n{use}\n{clauses}\nend\n"

Ways = list[list[str]]


def ways() -> dict[str, list[Ways]]:
    """For each function the ways to write it; a way is a list of clauses, and each clause a list of texts."""
    found: dict[str, list[Ways]] = {}
    for function in WAYS.split("# function\n"):
        each = [[clause.split("# or\n") for clause in way.split("# then\n")] for way in function.split("# otherwise\n")]
        found[each[0][0][0].split()[1].partition("(")[0]] = each
    return found


def modules() -> Iterator[str]:
    """Modules in which each of the ways stands at least once, beside the first way of all others."""
    first = {name: "\n".join(clause[0] for clause in each[0]) for name, each in ways().items()}
    for use in USES:
        yield FRAME.format(use=use, clauses="\n".join(first.values()))
    for name, each in ways().items():
        for way in each:
            for texts in product(*way):
                yield FRAME.format(use=USES[0], clauses="\n".join((first | {name: "\n".join(texts)}).values()))


# ---- the check -----------------------------------------------------------------------------------------------------

_TEXT: Final = "what the function returns: the module as one text, in three quotes at either end"
_FRAME: Final = "the first line inside of the module: `use GenServer`, and which end brings a winch back"
_MISSING: Final = "the callbacks of the Python: each is a function of the same name. Which one is not there yet?"
_LEFT_OVER: Final = (
    "what is in the module: `use GenServer`, and the functions that the Python has. What else is there? It may be "
    "right, and the check does not know it"
)
_UNKNOWN: Final = (
    "this clause, word by word, beside the table of shapes. The check knows {count} to write this function, and "
    "this is none of them. It may be right: then run it where there is an Elixir, in Livebook for instance"
)


async def winch(function: Callable[[], Any], metres: int = 9) -> None:
    """The Elixir does what the Python does: each of its clauses has been run by real Elixir.

    Demands: the module ``Winch`` with ``restart: :transient``, and a way that is known to be right for each function;
    on a machine with Elixir any module that does in a run what the Python does, with ``metres``.
    """
    if isinstance(function, str):
        raise NotYet("`winch` was looked at", "a text", "a function", "the `def`: it returns the text")
    text = function()
    if inspect.iscoroutine(text):
        text.close()
        raise NotYet("`winch()` was called", "a coroutine", "a text", "the `async`: a plain `def` is asked for")
    if not isinstance(text, str):
        raise NotYet("`winch()` was called", safe_repr(text), "a text", _TEXT)
    if "raise NotImplementedError" in text:
        raise NotImplementedError
    try:
        module = module_of(text)
    except Unreadable as error:
        idea = ". ".join([*_habits(text), error.idea][:2])
        raise NotYet("the text was read as Elixir", error.seen, "a module", idea) from None
    if module.name != "Winch":
        raise NotYet("the module was read", f"`defmodule {module.name}`", "`defmodule Winch`", "the name of the module")
    unknown = _unknown(module)
    if unknown is None:
        return
    mistake = next((NotYet("the module was read", *each) for each in _mistakes(module)), None)
    elixir = shutil.which("elixir")
    found = "broken" if elixir is None else run(elixir, text, metres)
    if found == "right":
        return
    if isinstance(found, NotYet):
        if mistake is None:
            raise found
        if (said := found.parts["Seen"]).startswith("**"):
            idea = mistake.parts["Look again at"]
            mistake.parts["Look again at"] = f"{idea}{'' if idea.endswith('?') else '.'} Elixir itself says: {said}"
    raise mistake or unknown


def _habits(text: str) -> list[str]:
    """What to look at in a text that is no module, by the habits of Python that are seen in it."""
    try:
        words = words_of(text)
    except Unreadable:
        return []
    return [_ELSE_IF] if ("else", "if") in pairwise(words) or "elif" in words else []


def _unknown(module: Module) -> NotYet | None:
    """What is said of the first function that is written in no way that is known."""
    uses = [module_of(FRAME.format(use=use, clauses="")).lines for use in USES]
    lines = [line for line in module.lines if line[0] not in ("@impl", "@doc", "@moduledoc")]
    known = ways()
    if (tuple(lines),) not in [(use,) for use in uses]:
        return NotYet("the module was read", _quoted(lines), f"`{USES[0]}`", _LEFT_OVER)
    for name in dict.fromkeys([*known, *(clause.name for clause in module.clauses)]):
        written = module.of(name)
        if not any(_is(written, way) for way in known.get(name, [])):
            count = sum(len([*product(*way)]) for way in known.get(name, []))
            hoped = "a way that this check knows"
            return NotYet(
                "the module was read",
                _quoted(written) if written else f"no `{name}`",
                hoped,
                _UNKNOWN.format(count=f"{count} way{'s' * (count != 1)}"),
            )
    return None


def _is(written: list[Clause], way: Ways) -> bool:
    if len(written) != len(way):
        return False
    return all(clause.same in map(_same, texts) for clause, texts in zip(written, way, strict=True))


def _same(text: str) -> Words:
    return module_of(FRAME.format(use=USES[0], clauses=text)).clauses[0].same


def _quoted(lines: list[Clause] | list[Words]) -> str:
    told = "; ".join(f"`{spelt(line) if isinstance(line, tuple) else line}`" for line in lines)
    return told[:300] or "nothing"


# ---- mistakes that are certainly none of the right ways --------------------------------------------------------------

_PYTHON: Final = {
    "return": "what a function returns: its last line. There is no `return`",
    "await": "what may wait: every call, and no word says so. There is no `await`",
    "self_": "the name of the process itself: `self()`, without an underscore",
    "None": "nothing: it is `nil`",
    "True": "true and false: they are atoms, in small letters",
    "False": "true and false: they are atoms, in small letters",
    "class": "what holds the functions: `defmodule`",
    "match": "the word for a choice between patterns: `case … do`, or a clause for each",
}
_SHAPES: Final = {
    "Ok": "`{:ok, state}`, and what comes after it",
    "Reply": "`{:reply, answer, state}`",
    "NoReply": "`{:noreply, state}`",
    "Stop": "`{:stop, reason, state}`, or with the answer before the state",
    "Continue": "`{:continue, work}`",
}
_ELSE_IF: Final = (
    "the word for more than two ways: `cond do`, `case … do`, or a clause for each. There is no `elif`, and an `if` "
    "after `else` is another one, with an `end` of its own"
)
_MS: Final = "the unit of the number: Elixir counts whole milliseconds, and Python here counts seconds"
_WORDS_OF_THE_WINCH: Final = {"left", "release", "released", "pull", "pulled", "jam", "jammed", "normal"}
_ATOM: Final = "how a word is written that stands for itself: in Elixir it is an atom, with a colon before it"
_ARROW: Final = "what stands between a pattern and its result in a `case`: the arrow `->`"
_ARITY: Final = {"init": 1, "handle_continue": 2, "handle_info": 2, "handle_cast": 2, "handle_call": 3, "start_link": 1}
_BESIDES: Final = "what each callback is given: a call has its caller as well, between the request and the state"
_STATE: Final = "the last part of each result: the state that the next callback gets"
_LAST: Final = "any other message: the last clause of `handle_info` leaves the state as it is"
_ENDS: Final = "an unknown request: it ends the winch, in both languages. There is no clause for it"
_ORDER: Final = "the order of the clauses: they are tried from the top, and one that takes everything is the last one"
_PARTS: Final = "a stop with four parts: the reason, the answer to the caller, and last of all the state"
_BEGINS: Final = "what makes the first metre: `init` has the continue follow, as `Ok(metres, Continue(…))` does"
_WAITS: Final = "who answers: a call whose callback returns `:noreply`, and nobody replies, waits for ever"
_NUMBER: Final = "the metres: they come from outside, and are in no line of the Python"
_PUT_OFF: Final = (
    "what a number behind the state is: a time-out, and each message that comes first puts it off. The Python has a "
    "timer, which nothing puts off"
)
_SLEEPS: Final = "which process waits: while a callback sleeps, the winch answers nobody. The Python has a timer"
_NAMELESS: Final = "how many winches there may be at a time: the Python gives no name, and a name has one holder"
_TRAPS: Final = "what a signal does: the Python traps none, and ends by it"
_PULLED: Final = (
    "the words of the Python: each becomes the atom of that name, also in a message that the winch sends to itself. "
    "Anybody may send it one"
)
_TIMERS: Final = (
    "how many timers run: each pull of the Python begins one of its own, and no earlier one is stopped. So a `:pulled` "
    "from elsewhere makes two of them"
)
_AGAIN: Final = "what comes after a metre: `:continue` pulls the next one, or the winch stands still"


def _mistakes(module: Module) -> Iterator[tuple[str, str, str]]:
    """What is seen, what was hoped for and what to look at, the likeliest mistake first."""
    uses = [line for line in module.lines if line[0] == "use"]
    if module.of("child_spec") and uses:
        pass  # it says there which end brings it back
    elif not uses or "restart:" not in uses[0] or ":transient" not in uses[0]:
        yield _quoted(uses), "a GenServer that is transient", _FRAME
    for clause in module.clauses:
        yield from _python_in(clause)
        yield from _misshapen(clause)
    missing = [name for name in _ARITY if not module.of(name)]
    if missing:
        yield f"no `{missing[0]}`", f"`def {missing[0]}(…)`", _MISSING
    yield from _clauses_missing(module)


def _python_in(clause: Clause) -> Iterator[tuple[str, str, str]]:
    seen = f"`{clause}`"
    yield from ((seen, hoped, idea) for hoped, idea in slips(clause.words))
    for at, word in enumerate(clause.words):
        following = clause.words[at + 1 : at + 2]
        if word in _PYTHON:
            yield seen, "Elixir", _PYTHON[word]
        if word in _SHAPES and following and following[0].strip() == "(":
            yield seen, "a tuple", f"the shape of a result: {word} is {_SHAPES[word]}"
        if re.fullmatch(r"\d+\.\d+", word):
            yield seen, "milliseconds", _MS
        if word[0] in "\"'" and word[1:-1] in _WORDS_OF_THE_WINCH and not _is_printed(clause.words[:at]):
            yield seen, "an atom", _ATOM
    if clause.name == "start_link" and "name:" in clause.words:
        yield seen, "a start without a name", _NAMELESS
    if ":trap_exit" in clause.words:
        yield seen, "a winch that traps no exits", _TRAPS
    if clause.name.startswith("handle_") and {"sleep", "receive"} & {*clause.words} and "fn" not in clause.words:
        yield seen, "an answer at any moment", _SLEEPS
    if {"send_interval", "cancel_timer"} & {*clause.words}:
        yield seen, "a timer for each pull", _TIMERS
    timers = [n for n, word in enumerate(clause.words) if word == "send_after"]
    for at in timers:
        for number, *more in filter(None, _parts(clause.words[at + 1 :])):
            if number.isdigit() and not more and int(number) != 250:
                yield f"{number} milliseconds in `{clause}`", "a quarter of a second", _MS
    if "case" in clause.words and "->" not in clause.words:
        yield seen, "a `case` with its arrows", _ARROW


def _is_printed(before: Words) -> bool:
    """Whether a text behind these words is the first argument of `Logger` or `IO`."""
    return len(before) > 3 and before[-4] in ("IO", "Logger") and before[-1] == "("


def _misshapen(clause: Clause) -> Iterator[tuple[str, str, str]]:
    seen, name = f"`{clause}`", clause.name
    arguments = _parts(clause.words[2:])
    if name in _ARITY and clause.words[2] == "(" and len(arguments) != _ARITY[name]:
        yield seen, f"{_ARITY[name]} between the brackets of `{name}`", _BESIDES
    for at, word in enumerate(clause.words):
        parts = _parts(clause.words[at:]) if word == "{" else []
        kind = parts[0][0] if parts and parts[0] else ""
        if (kind == ":reply" and len(parts) < 3) or (kind == ":noreply" and len(parts) < 2):
            yield seen, "a result with its state", _STATE
        if kind == ":stop" and len(parts) < 3:
            yield seen, "a stop with its reason and its state", _STATE
        if kind == ":stop" and len(parts) == 4 and ":released" in parts[3]:
            yield seen, "the answer before the state", _PARTS
        if kind == ":ok" and name == "init" and len(parts) < 3:
            yield seen, "an `init` with a continue", _BEGINS
        if kind == ":noreply" and ":pulled" in clause.words[:4] and name == "handle_info" and len(parts) < 3:
            yield seen, "a metre less, and a continue", _AGAIN
        if len(parts) == {":ok": 3, ":noreply": 3, ":reply": 4}.get(kind) and "".join(parts[-1]).isdigit():
            yield seen, "a timer", _PUT_OFF
        elif any(part[0].isdigit() and part[0] not in ("0", "1") for part in parts if len(part) == 1):
            yield seen, "the number of metres that are left", _NUMBER
    body = clause.words[clause.words.index(")") :] if ")" in clause.words else clause.words
    if name == "handle_call" and ":noreply" in body and "reply" not in body:
        yield seen, "an answer for the caller", _WAITS


def _parts(words: Words) -> list[Words]:
    """What stands between the first bracket and its end, from comma to comma."""
    parts: list[Words] = []
    part: list[str] = []
    depth = 0
    for word in words:
        depth += (word.strip() in ("(", "[", "{")) - (word in (")", "]", "}"))
        if depth == 0:
            break
        if word == "," and depth == 1:
            parts.append(tuple(part))
            part = []
        elif part or depth > 1 or word.strip() not in ("(", "[", "{"):
            part.append(word)
    return [*parts, tuple(part)] if part else parts


def _takes_all(clause: Clause) -> bool:
    first = next(iter(_parts(clause.words[2:])), ())
    return len(first) == 1 and re.fullmatch(r"[a-z_]\w*", first[0]) is not None and "when" not in clause.words


def _clauses_missing(module: Module) -> Iterator[tuple[str, str, str]]:
    for name in ("handle_call", "handle_cast"):
        written = module.of(name)
        if len(written) > 1 and any(map(_takes_all, written)):
            yield _quoted([clause for clause in written if _takes_all(clause)]), "no such clause", _ENDS
    infos = module.of("handle_info")
    if any(map(_takes_all, infos[:-1])):
        yield _quoted(infos), "the clause for any other message below", _ORDER
    if not any(map(_takes_all, infos)):
        yield _quoted(infos), "a clause for any other message as well", _LAST
    if infos and not any(":pulled" in clause.words for clause in infos):
        yield _quoted(infos), "a clause for `:pulled`", _PULLED
    pulls = module.of("handle_continue")
    if len(pulls) > 1 and "0" not in pulls[0].words and "0" in pulls[-1].words:
        yield _quoted(pulls), "the clause for 0 metres first", _ORDER
    if not any({"0", "<"} & {*clause.words} for clause in module.clauses):
        yield _quoted(pulls), "an end where 0 metres are left", "the end: with 0 metres it stops, with `:normal`"

"""The crash lab in a notebook: a running system that the reader may break, and watch.

With a kernel it is a widget: what is not stored is run when the reader asks for it. The HTML that
is stored beside it needs no kernel: it plays what was recorded.

OTP: none; on the BEAM one kills a process of a running system, and watches ``:observer``
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from ..child_spec import ChildLike
from ..errors import Exit, describe_exception
from ..lab import Lab, strategy_labs
from ..lab.world import Scenario
from ..viz import player
from .cells import Cell, running_cell

VIEW: Final = "application/vnd.jupyter.widget-view+json"


def crash_lab(
    scenario: Scenario,
    *,
    depth: int | None = None,
    title: str | None = None,
    predict: bool = False,
    select: str | None = None,
    raises: Mapping[str, BaseException] | None = None,
    gap: float = 1.0,
    wait: float = 6.0,
) -> CrashLab:
    """Record every way to break a system, and show it: pick a process, end it, step through what follows.

    Args:
        scenario: ``async def`` without arguments; starts a tree and returns the pid of its root. It
            runs many times, each time on a fresh node with a virtual clock.
        depth: so many steps are recorded; by default one more than a supervisor allows restarts.
        title: for people; the root's name by default.
        predict: ask the reader each time what will happen, before it is shown.
        select: the name of the process that is picked at first.
        raises: what a process raises, by its name; ``RuntimeError("boom")`` for the others.
        gap: virtual seconds before each crash.
        wait: virtual seconds that pass where the reader lets time pass.

    Raises:
        BadArg: the scenario does not start a tree, or a name is not in it.

    Example:
        >>> from otp_mini import GenServer, Supervisor, crash_lab
        >>> async def shop():
        ...     return await Supervisor.start_link([(GenServer, "a cart")], strategy="one_for_one", name="shop")
        >>> crash_lab(shop, depth=1)
        Crash lab: shop
        shop  supervisor, one_for_one, 3 restarts in 5 s
           GenServer  worker, permanent
        Every process can be ended by raise, normal, shutdown or kill; only the supervisors cannot raise.
        All futures up to step 1 are recorded.
    """
    lab = Lab(scenario, title=title, gap=gap, wait=wait, raises=raises)
    return CrashLab([lab], [lab.document(depth)], predict=predict, select=select)


def compare_strategies(
    children: Iterable[ChildLike],
    script: Iterable[tuple[str, str] | str] = (),
    *,
    depth: int | None = None,
    select: str | None = None,
    max_restarts: int = 3,
    max_seconds: float = 5.0,
    raises: Mapping[str, BaseException] | None = None,
    gap: float = 1.0,
    wait: float = 6.0,
) -> CrashLab:
    """Show the same children under each of the three strategies, side by side and in step.

    Args:
        children: as for ``Supervisor.start_link``.
        script: what is ready to be played: ``("name", "raise" | "normal" | "shutdown" | "kill")`` or ``"wait"``.
        depth: so many steps are recorded; by default one more than ``max_restarts``.
        max_restarts: as for ``Supervisor.start_link``.
        max_seconds: as for ``Supervisor.start_link``.
        select, raises, gap, wait: as for `crash_lab`.

    Example:
        >>> from otp_mini import Agent, child_spec, compare_strategies
        >>> children = [child_spec((Agent, lambda: 0), id=name) for name in "ABC"]
        >>> compare_strategies(children, [("B", "raise")], depth=1)
        The life that each process is in, after: B raise
                    one_for_one  one_for_all  rest_for_one
        Supervisor  1            1            1
        A           1            2            1
        B           2            2            2
        C           1            2            2
    """
    limits = {"max_restarts": max_restarts, "max_seconds": max_seconds}
    labs, actions = strategy_labs(children, script, raises=raises, gap=gap, wait=wait, **limits)
    documents = [lab.document(max(depth or max_restarts + 1, len(actions))) for lab in labs]
    return CrashLab(labs, documents, script=actions, select=select)


class CrashLab:
    """What `crash_lab` and `compare_strategies` return: shows itself in a notebook, and prints as text.

    Args:
        labs: one, or one for each strategy.
        documents: what they have recorded, in the same order.
        script: of a comparison, the actions that are ready to be played.
        predict: as for `crash_lab`.
        select: as for `crash_lab`.
    """

    def __init__(
        self,
        labs: Sequence[Lab],
        documents: Sequence[Mapping[str, Any]],
        *,
        script: Sequence[int] | None = None,
        predict: bool = False,
        select: str | None = None,
    ) -> None:
        self.labs = list(labs)
        self.documents = list(documents)
        self.options = player.options(self.documents, script=script, predict=predict, select=select)
        self._grown: set[int] = set()  # the labs in which somebody has turned up who is not in the document

    def ask(self, path: Iterable[Any], lane: int = 0) -> dict[str, Any]:
        """What a page asks for: the run of the last step of a path, by `Lab.ask`.

        Args:
            path: actions, from the start.
            lane: which of the labs.
        """
        answer = self.labs[lane].ask(path)
        if "procs" in answer:
            self._grown.add(lane)
        elif lane in self._grown:  # this page may not have heard of it
            now = self.labs[lane].document(0)
            answer |= {name: now[name] for name in ("procs", "reasons", "quiet")}
        return answer

    def answer(self, path: Iterable[Any], lane: int = 0) -> dict[str, Any]:
        """`ask`, with what goes wrong as a sentence: a callback has nobody to raise to."""
        try:
            return self.ask(path, lane)
        except ValueError as error:
            return {"error": str(error)}
        except (Exception, Exit) as error:
            return {"error": describe_exception(error)}

    def __str__(self) -> str:
        return player.describe(self.options)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return player.page(self.options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Text, HTML that needs no kernel, and the widget where there is a kernel to answer it.

        A front end takes the widget if it knows widgets, and the HTML where the widget has no
        kernel behind it, as in an exported notebook.
        """
        bundle: dict[str, Any] = {"text/plain": str(self), "text/html": self._repr_html_()}
        cell = running_cell()
        if cell is not None and find_spec("anywidget") is not None:
            bundle[VIEW] = _show(self, cell)
        return bundle


# ---- the widget ---------------------------------------------------------------------------------------------

_ANSWER_IN: Final = 15  # seconds; a kernel that runs a cell answers when the cell is done

_RENDER: Final = """
export default { render({ model, el }) {
const waiting = new Map();
let last = 0;
const settle = ({ id, error, ...answer }) => {
if (!waiting.has(id)) return;
const [resolve, reject, timer] = waiting.get(id);
waiting.delete(id);
clearTimeout(timer);
error ? reject(new Error(error)) : resolve(answer);
};
const ask = (path, lane) => new Promise((resolve, reject) => {
const id = `${++last} ${Math.random()}`;
const late = "The kernel has not answered within SECONDS s. Does a cell still run, or has the kernel ended?";
waiting.set(id, [resolve, reject, setTimeout(() => settle({ id, error: late }), SECONDS * 1000)]);
model.send({ id, path, lane });
});
model.on("msg:custom", settle);
show(el, model.get("data"), { ask, css });
return () => model.off("msg:custom", settle);
} };
"""


@functools.cache
def _widget_class() -> Any:
    """The widget. Made when first needed: the package works without anywidget."""
    anywidget: Any = import_module("anywidget")
    traitlets: Any = import_module("traitlets")
    module, css = player.module()
    code = f"{module}\nconst css = {json.dumps(css)};\n{_RENDER.replace('SECONDS', str(_ANSWER_IN))}"

    def asked(widget: Any, message: Any, _buffers: Any) -> None:
        answer = widget.lab.answer(message.get("path"), message.get("lane") or 0)
        widget.send({"id": message.get("id"), **answer})

    def __init__(self: Any, lab: CrashLab) -> None:
        self.lab = lab
        anywidget.AnyWidget.__init__(self, data=lab.options)
        self.on_msg(asked)

    data = traitlets.Dict().tag(sync=True)
    return type("CrashLabWidget", (anywidget.AnyWidget,), {"_esm": code, "data": data, "__init__": __init__})


_shown: dict[str, list[tuple[int, Any]]] = {}
"""The widgets of each cell, with the number of the execution that made each."""


def _show(lab: CrashLab, cell: Cell) -> dict[str, Any]:
    """Make a widget; those that an earlier run of the same cell has left are closed, with their comms."""
    name, execution = cell
    for earlier, widget in _shown.get(name, []):
        if earlier != execution:
            widget.close()
            widget.layout.close()
    widget = _widget_class()(lab)
    _shown[name] = [entry for entry in _shown.get(name, []) if entry[0] == execution] + [(execution, widget)]
    return {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}

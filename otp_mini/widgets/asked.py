"""A lab that goes on where its recording ends: its page asks the Python that made it.

In a kernel it is a widget, whose front end sends a path and gets what comes behind it. A page whose cells run in
place asks in the same words (``lite/in_place.py``). What cannot be answered comes back as a sentence.

JupyterLab may ask in a thread beside the one in which cells run. The answer is made where the cells run all the same:
two threads would disturb each other's processes.

OTP: none
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar, Final

from ..errors import Exit, describe_exception
from ..viz import front_end
from .cells import Cell, running_cell

VIEW: Final = "application/vnd.jupyter.widget-view+json"


class AskedLab:
    """What a lab has that can be asked. Subclasses say what it shows and what it answers."""

    kind: ClassVar[str]
    """The name of its front end's files in ``otp_mini/widgets``."""

    @property
    def goes_on(self) -> bool:
        """Is there anything to ask for?"""
        return True

    def data(self) -> dict[str, Any]:
        """What its front end is given where it can be asked."""
        raise NotImplementedError

    def page(self) -> str:
        """The same as HTML."""
        raise NotImplementedError

    def ask(self, path: Iterable[Any], lane: int = 0) -> dict[str, Any]:
        """What comes behind the last step of a path."""
        raise NotImplementedError

    def answer(self, path: Iterable[Any], lane: int = 0) -> dict[str, Any]:
        """`ask`, with what goes wrong as a sentence: a callback has nobody to raise to."""
        try:
            return self.ask(path, lane)
        except ValueError as error:
            return {"error": str(error)}
        except (Exception, Exit) as error:
            return {"error": describe_exception(error)}
        except BaseException as error:  # the lab's own code may raise what would end the kernel
            return {"error": f"{describe_exception(error)}. It would end a program; here it has ended this run alone."}


def asking_cell() -> Cell | None:
    """The cell that runs in a kernel which can answer a widget; None elsewhere."""
    return running_cell() if find_spec("anywidget") is not None else None


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


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread, if one runs."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _in_loop(home: asyncio.AbstractEventLoop | None, work: Callable[[], None]) -> None:
    """Do something in the thread of this loop: at once where that is here."""
    if home is None or home.is_closed() or home is _running_loop():
        work()
    else:
        home.call_soon_threadsafe(work)


@functools.cache
def _widget_class(kind: str) -> Any:
    """The widget of a kind of lab. Made when first needed: the package works without anywidget."""
    anywidget: Any = import_module("anywidget")
    traitlets: Any = import_module("traitlets")
    module, css = front_end.module(kind)
    code = f"{module}\nconst css = {json.dumps(css)};\n{_RENDER.replace('SECONDS', str(_ANSWER_IN))}"

    def asked(widget: Any, message: Any, _buffers: Any) -> None:
        def tell() -> None:
            answer = widget.lab.answer(message.get("path"), message.get("lane") or 0)
            widget.send({"id": message.get("id"), **answer})

        _in_loop(widget.home, tell)

    def __init__(self: Any, lab: AskedLab) -> None:
        self.lab = lab
        self.home = _running_loop()
        anywidget.AnyWidget.__init__(self, data=lab.data())
        self.on_msg(asked)

    data = traitlets.Dict().tag(sync=True)
    name = "".join(word.capitalize() for word in [*kind.split("_"), "widget"])
    return type(name, (anywidget.AnyWidget,), {"_esm": code, "data": data, "__init__": __init__})


_shown: dict[str, list[tuple[int, Any]]] = {}
"""The widgets of each cell, with the number of the execution that made each."""


def widget_of(lab: AskedLab, cell: Cell) -> dict[str, Any]:
    """Make a widget; those that an earlier run of the same cell has left are closed, with their comms."""
    name, execution = cell
    for earlier, widget in _shown.get(name, []):
        if earlier != execution:
            widget.close()
            widget.layout.close()
    widget = _widget_class(lab.kind)(lab)
    _shown[name] = [entry for entry in _shown.get(name, []) if entry[0] == execution] + [(execution, widget)]
    return {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}

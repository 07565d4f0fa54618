"""The observer: the live tree of a running system, a table of its processes, and buttons to break it.

`otp_mini.widgets.observation` knows what is to be seen and what the buttons do; here are the
widgets, all of them ipywidgets' own.

OTP: ``:observer``
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from contextvars import copy_context
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from ..errors import BadArg, CopyError, Deadlock
from ..host import running_loop
from ..lab.world import KILL, NORMAL, RAISE, SHUTDOWN
from ..primitives import Destination
from ..viz.layout import NoGraphviz
from ..viz.process_html import STYLE, event_list, fact_table, process_table, region
from ..viz.tree import Tree
from ..viz.tree_data import TreeData
from ..viz.tree_text import who
from .brake import Turn
from .cells import Cell, kernel_shell, running_cell
from .observation import HOW, MOST_ROWS, Observation

VIEW: Final = "application/vnd.jupyter.widget-view+json"
EVERY: Final = 0.5
"""Seconds of real time between two looks at the system, where an asyncio loop runs."""

SPEEDS: Final = (
    ("full speed", 0.0),
    *((f"{rate:g} turn{'s' * (rate != 1)} a second", rate) for rate in (20.0, 10.0, 5.0, 2.0, 1.0)),
)
"""Turns a second, in words and as a number; 0 is full speed."""


def observer(supervisor: Destination | None = None, *, most: int = 8) -> Any:
    """Watch a running system, and break it: its tree, its processes, and buttons, as a widget.

    Shows the tree as it stands, a table of the processes, and all about the one that is chosen. That
    one can be ended in several ways, can be sent messages, and can be traced. The node can be paused,
    run turn by turn, or in slow motion. While it is paused, a cell that awaits something waits too.

    Looks from outside: it sends nothing but what you tell it to. Running the cell again closes the
    observer that it has shown before; so does another observer of the same process.

    Args:
        supervisor: a pid, a name, an address, or a class derived from `Application` that runs; None
            for the whole current node.
        most: so many children of one supervisor are drawn, from 1 up; the table has them all.

    Returns:
        A ``VBox`` of ipywidgets, which prints as text: the tree and the table.

    Raises:
        BadArg: nobody is there.
        ImportError: the package ipywidgets is not installed.

    OTP: ``:observer.start/0``

    Example:
        >>> from otp_mini import GenServer, Node, Supervisor, observer, receive
        >>> async def main():
        ...     await Supervisor.start_link([(GenServer, "a cart")], strategy="one_for_one", name="shop")
        ...     await receive()
        >>> with Node(clock="virtual") as node:
        ...     _ = node.spawn(main)
        ...     node.run_until_idle()
        ...     print(observer("shop"))
        Observer of shop #PID<0.2.0>
        ● shop #PID<0.2.0>: running, one_for_one supervisor, 0 of 3 restarts in 5 s
        └── ● GenServer #PID<0.3.0>: running, permanent worker
        2 processes
        name       pid          state    waits for  mailbox  links  turns
        shop       #PID<0.2.0>  running  a message  0        2      3
        GenServer  #PID<0.3.0>  running  a message  0        1      2
    """
    if find_spec("ipywidgets") is None:
        raise ImportError(
            "observer is made of widgets and needs the package ipywidgets: pip install ipywidgets. "
            "Without it, tree(supervisor) and processes() show how things stand."
        )
    panel = Panel(Observation(supervisor, most=most))
    panel.replace_earlier()
    return panel.box


class Panel:
    """The widgets of one observer.

    What comes from the page is done in the thread and in the context of the cell that made the
    observer: there the node lives, and there belongs what its processes print.
    """

    def __init__(self, seen: Observation) -> None:
        self.seen = seen
        self.cell: Cell | None = running_cell()
        self.loop, self._thread, self._context = running_loop(), threading.get_ident(), copy_context()
        self._poll: Any = None
        self._setting = self._closed = False
        self._pictures: dict[Any, str] = {}
        self.widgets: Any = import_module("ipywidgets")
        self._make_views()
        self._make_controls()
        self.box = _box()(self)
        self.refresh()
        seen.brake.watchers.append(self._ticked)
        self._look_again()

    # ---- the parts --------------------------------------------------------------------------

    def _make_views(self) -> None:
        html = self.widgets.HTML
        self.heading, self.said, self.happened = html(), html(), html()
        self.tree, self.tree_text, self.table, self.facts, self.heard = html(), html(), html(), html(), html()
        self.text = self.widgets.Accordion([self.tree_text], titles=("The tree as text",))
        self.output = self.widgets.Output()

    def _make_controls(self) -> None:
        w = self.widgets
        self.pause = self._button("Pause", self._pause, "Stop every process of this node, or let them run again")
        self.step = self._button("Step", self.seen.step, "Give one process one turn; pauses first")
        # A Dropdown, because the handle of a slider of ipywidgets has no name for a screen reader.
        self.speed = w.Dropdown(options=SPEEDS, value=0.0, description="Speed:", layout={"width": "240px"})
        self.speed.observe(self._changed(self._set_speed), "value")
        self.seconds = w.BoundedFloatText(1.0, min=0.0, max=1e9, description="Seconds:", layout={"width": "170px"})
        self.advance = self._button("Let time pass", lambda: self.seen.pass_time(self.seconds.value), "Virtual time")
        self.links = w.Checkbox(description="links", indent=False, layout={"width": "auto"})
        self.monitors = w.Checkbox(description="monitors", indent=False, layout={"width": "auto"})
        for box in (self.links, self.monitors):
            box.observe(self._changed(lambda _: self._set_ties()), "value")
        self.process = w.Dropdown(description="Process:", layout={"width": "360px", "max_width": "100%"})
        self.process.observe(self._changed(self.seen.choose), "value")
        self.ends = [
            self._button(name, functools.partial(self.seen.end, way), tooltip)
            for name, way, tooltip in (
                ("Raise", RAISE, "Have it raise RuntimeError('boom')"),
                ("Stop", NORMAL, "Have it stop, with reason 'normal'"),
                ("Shut down", SHUTDOWN, "Have it stop, with reason 'shutdown'"),
                ("Kill", KILL, "Send it the exit signal 'kill'"),
            )
        ]
        self.message = w.Combobox(description="Message:", placeholder="('add', 2)")
        self.message.continuous_update = False  # else a click may overtake the last letter that was typed
        self.how = w.Dropdown(description="How:", options=HOW, layout={"width": "170px"})
        self.send = self._button("Send", self._send, "Send the message to the chosen process")
        self.trace = w.Checkbox(description="trace the chosen process", indent=False, layout={"width": "auto"})
        self.trace.observe(self._changed(self.seen.trace), "value")

    def _button(self, name: str, do: Callable[[], Any], tooltip: str) -> Any:
        button = self.widgets.Button(description=name, tooltip=tooltip, layout={"width": "auto"})
        button.on_click(lambda _: self.act(do))
        return button

    def parts(self) -> list[Any]:
        """What stands in the box, from the top down."""
        time = [self.seconds, self.advance] if self.seen.node.clock.virtual else []
        return [
            self.heading,
            self._row(self.pause, self.step, self.speed, *time),
            self.said,
            self.happened,
            self.tree,
            self._row(self.links, self.monitors),
            self.text,
            self.table,
            self._row(self.process, *self.ends),
            self._row(self.message, self.how, self.send),
            self._row(self.facts, self.widgets.VBox([self.trace, self.heard]), align="flex-start"),
            self.output,
        ]

    def _row(self, *parts: Any, align: str = "center") -> Any:
        return self.widgets.HBox(parts, layout={"flex_flow": "row wrap", "align_items": align})

    # ---- what the user does -----------------------------------------------------------------

    def act(self, do: Callable[[], Any]) -> None:
        """Do something that the page asks for, and show what came of it."""
        if threading.get_ident() != self._thread and self.loop is not None:
            self.loop.call_soon_threadsafe(self._act, do)
        else:
            self._act(do)

    def _act(self, do: Callable[[], Any]) -> None:
        if not self._closed:
            self._context.copy().run(self._act_here, do)

    def _act_here(self, do: Callable[[], Any]) -> None:
        with self.output if kernel_shell() is not None else nullcontext():
            try:
                do()
            except (BadArg, CopyError, Deadlock) as error:
                self.seen.say(str(error))
        self.refresh()

    def _changed(self, do: Callable[[Any], Any]) -> Callable[[Any], None]:
        """An observer of a value: what the user sets is done, what `refresh` sets is not."""

        def changed(change: Any) -> None:
            if not self._setting:
                self.act(lambda: do(change["new"]))

        return changed

    def _pause(self) -> None:
        if self.seen.brake.mode == "paused":
            self._set_speed(self.speed.value)
        else:
            self.seen.pause()

    def _set_speed(self, rate: float) -> None:
        if rate:
            self.seen.slow(rate)
        else:
            self.seen.run()

    def _set_ties(self) -> None:
        self.seen.links, self.seen.monitors = self.links.value, self.monitors.value

    def _send(self) -> None:
        self.seen.send(self.message.value, self.how.value)
        if self.message.value not in self.message.options:
            self.message.options = (self.message.value, *self.message.options)[:10]

    # ---- what is shown ----------------------------------------------------------------------

    def refresh(self) -> None:
        """Look, and show what has changed."""
        seen = self.seen
        seen.look()
        self._setting = True
        try:
            over = "" if seen.alive else " <strong>has ended</strong>; this is what was seen last"
            title = f"<strong>Observer of {escape(seen.title)}</strong>{over}"
            self.heading.value = f"{STYLE}<div>{title}</div><div>{escape(seen.status())}</div>"
            self.said.value = f'<div role="alert">{escape(seen.said)}</div>'
            self.happened.value = event_list("", seen.happened) if seen.happened else ""
            self._show_tree()
            self._show_processes()
            self.heard.value = event_list("Traced", seen.heard) if seen.heard or seen.tracing else ""
            self.pause.description = "Run" if seen.brake.mode == "paused" else "Pause"
            if seen.brake.mode != "paused":
                self.speed.value = seen.brake.rate
        finally:
            self._setting = False

    def _show_tree(self) -> None:
        key = tuple(self.seen.trees)
        if key not in self._pictures:  # only then Graphviz is asked
            self._pictures = {key: _pictures(key)}
        self.tree.value = self._pictures[key]
        self.tree_text.value = f"<pre>{escape(self.seen.text())}</pre>"

    def _show_processes(self) -> None:
        seen = self.seen
        chosen = None if seen.entry is None else seen.entries.index(seen.entry)
        self.table.value = process_table(seen.table().title, seen.rows, chosen, MOST_ROWS)
        pids = [entry.process.pid for entry in seen.entries if entry.process is not None and entry.process.alive]
        if seen.chosen is not None and seen.chosen not in pids:
            pids.append(seen.chosen)
        options = [(seen.name(pid) + ("" if pid.block else " (has ended)"), pid) for pid in pids]
        with self.process.hold_sync():
            if tuple(options) != tuple(self.process.options):
                self.process.options = options
            self.process.value = seen.chosen
        self.facts.value = "" if seen.chosen is None else fact_table(seen.name(seen.chosen), seen.facts())

    # ---- by itself --------------------------------------------------------------------------

    def _ticked(self, turn: Turn | None) -> None:
        self.seen.saw(turn)
        self.refresh()

    def _look_again(self, spent: float = 0.0) -> None:
        if self.loop is not None and not self._closed:
            wait = max(EVERY, 10 * spent)  # a look at a very large system takes its time
            self._poll = self.loop.call_later(wait, self._polled)

    def _polled(self) -> None:
        began = time.perf_counter()
        self.refresh()
        self._look_again(time.perf_counter() - began)

    # ---- the end ----------------------------------------------------------------------------

    def replace_earlier(self) -> None:
        """Close the observers of the same process, and those that this cell has left when it ran before."""
        cell = self.cell
        replaced = [
            panel
            for panel in _open
            if panel.seen.same_as(self.seen) or (cell is not None and cell.is_rerun_of(panel.cell))
        ]
        for panel in replaced:
            panel.close()
        _open.append(self)

    def close(self) -> None:
        """Let go of the node, and take the widgets away."""
        if self._closed:
            return
        self._closed = True
        if self in _open:
            _open.remove(self)
        if self._poll is not None:
            self._poll.cancel()
        self.seen.close()
        watchers = self.seen.brake.watchers
        watchers.remove(self._ticked)
        if not watchers:
            self.seen.brake.run()
        _close(self.box)


_open: Final[list[Panel]] = []


def _close(widget: Any) -> None:
    """Close a widget with all that belongs to it: each layout and each style is a widget of its own."""
    for child in getattr(widget, "children", ()):
        _close(child)
    parts = [getattr(widget, name, None) for name in ("layout", "style")]
    import_module("ipywidgets").Widget.close(widget)
    for part in parts:
        if part is not None:
            part.close()


def _pictures(trees: Sequence[TreeData]) -> str:
    """The trees as pictures; as text where nothing here can draw them."""
    try:
        return "".join(region(f"Tree of {who(tree.members[0])}", Tree(tree).svg()) for tree in trees)
    except NoGraphviz as missing:
        told = "\n".join(str(Tree(tree)) for tree in trees)
        return f"<pre>{escape(told)}</pre><div>The tree is shown as text: {escape(str(missing))}.</div>"


def text_of(seen: Observation) -> str:
    """What there is to see, as text."""
    return f"Observer of {seen.title}\n{seen.text()}\n{seen.table()}"


def html_of(seen: Observation) -> str:
    """What there is to see, for a page that has no kernel."""
    trees = "".join(Tree(tree)._repr_html_() for tree in seen.trees)
    over = "" if seen.alive else " has ended; this is what was seen last"
    return (
        f"<div><strong>Observer of {escape(seen.title)}</strong>{over}. Run the cell, and it is live.</div>"
        f"{STYLE}{trees}{process_table(seen.table().title, seen.rows, None, MOST_ROWS)}"
    )


@functools.cache
def _box() -> Any:
    """The widget: a ``VBox`` that has a text and an HTML form. Made when first needed."""
    vbox: Any = import_module("ipywidgets").VBox

    def __init__(self: Any, panel: Panel) -> None:
        self.panel = panel
        vbox.__init__(self, panel.parts())

    def close(self: Any) -> None:
        self.panel.close()

    def bundle(self: Any, **kwargs: Any) -> dict[str, Any]:
        told = {"text/plain": text(self), "text/html": html_of(self.panel.seen)}
        view = vbox._repr_mimebundle_(self, **kwargs) or {}
        return told | ({VIEW: view[VIEW]} if VIEW in view and kernel_shell() is not None else {})

    def text(self: Any) -> str:
        self.panel.seen.look()
        return text_of(self.panel.seen)

    names = {"__init__": __init__, "close": close, "_repr_mimebundle_": bundle, "__str__": text, "__repr__": text}
    return type("Observer", (vbox,), names)

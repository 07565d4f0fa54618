"""Firefox and WebKit, each by the protocol that it brings: WebDriver BiDi by a web socket, WebDriver by HTTP.

Both do little: open an address, evaluate an expression in the page, press keys. Playwright drives only browsers that
its makers have changed; these are the ones that a reader has.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import websocket

LONG = 90.0  # seconds
MINI_BROWSER = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


CLICK = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
MIDDLE = """(() => {
  const [found] = [...document.querySelectorAll(%s)].filter((each) => each.checkVisibility());
  found.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = found.getBoundingClientRect();
  return [x + width / 2, y + height / 2].map(Math.round);
})()"""


class Tab(Protocol):
    """What the tests do with a page."""

    def open(self, address: str) -> None: ...

    def evaluate(self, expression: str) -> Any: ...

    def write(self, text: str) -> None: ...

    def point(self, x: int, y: int) -> None: ...


def until(tab: Tab, expression: str, limit: float = LONG) -> Any:
    """Evaluate an expression again and again until it is true."""
    end = time.monotonic() + limit
    while not (value := tab.evaluate(expression)):
        assert time.monotonic() < end, f"in vain: {expression}"
        time.sleep(0.2)
    return value


def keys(text: str) -> str:
    """The keys that write a text: a line ends with Enter."""
    return text.replace("\n", "\ue007")


def click(tab: Tab, selector: str) -> None:
    """Click the first of these that can be seen with the mouse, as a reader does."""
    tab.point(*tab.evaluate(MIDDLE % json.dumps(selector)))


# --- Firefox ------------------------------------------------------------------------------------------------------


class Firefox:
    """A tab of Firefox."""

    def __init__(self, address: str) -> None:
        self.socket = websocket.create_connection(f"{address}/session", timeout=LONG, suppress_origin=True)
        self.numbers = itertools.count()
        self.send("session.new", capabilities={})
        self.context = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, address: str) -> None:
        self.send("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        told = self.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression}) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert told["type"] == "success", told
        return json.loads(told["result"]["value"])

    def write(self, text: str) -> None:
        presses = [{"type": kind, "value": key} for key in keys(text) for kind in ("keyDown", "keyUp")]
        self.act("key", presses)

    def point(self, x: int, y: int) -> None:
        self.act("pointer", [{"type": "pointerMove", "x": x, "y": y}, *CLICK])

    def act(self, kind: str, actions: list[Any]) -> None:
        source = {"type": kind, "id": kind, "actions": actions}
        self.send("input.performActions", context=self.context, actions=[source])


@contextlib.contextmanager
def firefox(executable: str, profile: Path) -> Iterator[Firefox]:
    """Start Firefox without a window; what it asks of other hosts goes nowhere."""
    profile.mkdir()
    settings = {
        "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9,
        "network.proxy.ssl": "127.0.0.1", "network.proxy.ssl_port": 9, "network.proxy.no_proxies_on": "127.0.0.1",
        "browser.shell.checkDefaultBrowser": False, "datareporting.policy.dataSubmissionEnabled": False,
    }  # fmt: skip
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in settings.items()]
    (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
    command = [
        executable,
        "--headless",
        "--no-remote",
        "--profile",
        profile,
        "--remote-debugging-port",
        "0",
        "about:blank",
    ]
    with ended(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
                break
        else:
            raise AssertionError("Firefox ended before it listened")
        tab = Firefox(found[1])
        try:
            yield tab
        finally:
            tab.socket.close()


# --- WebKit ---------------------------------------------------------------------------------------------------------


class WebKit:
    """A tab of WebKit's own small browser."""

    def __init__(self, address: str, browser: str) -> None:
        self.address = address
        options = {"binary": browser, "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options, "pageLoadStrategy": "normal"}}}
        self.address += "/session/" + self.send("POST", "/session", wanted)["sessionId"]
        self.send("POST", "/timeouts", {"script": int(LONG * 1000)})

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LONG) as answer:
            return json.load(answer)["value"]

    def open(self, address: str) -> None:
        self.send("POST", "/url", {"url": address})

    def evaluate(self, expression: str) -> Any:
        asked = f"(async () => JSON.stringify(await ({expression}) ?? null))()"
        failed = "(error) => done(JSON.stringify({ failed: String(error) }))"
        script = f"const done = arguments[0]; {asked}.then(done, {failed})"
        told = json.loads(self.send("POST", "/execute/async", {"script": script, "args": []}))
        assert not (isinstance(told, dict) and "failed" in told), told
        return told

    def write(self, text: str) -> None:
        presses = [{"type": kind, "value": key} for key in keys(text) for kind in ("keyDown", "keyUp")]
        self.act("key", presses)

    def point(self, x: int, y: int) -> None:
        self.act("pointer", [{"type": "pointerMove", "duration": 0, "x": x, "y": y}, *CLICK])

    def act(self, kind: str, actions: list[Any]) -> None:
        self.send("POST", "/actions", {"actions": [{"type": kind, "id": kind, "actions": actions}]})


@contextlib.contextmanager
def webkit(driver: str, browser: str, folder: Path) -> Iterator[WebKit]:
    """Start WebKit's small browser on a display of its own, with nothing kept of earlier."""
    folder.mkdir()
    homes = {name: str(folder) for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with display() as name:
        environment = os.environ | homes | {"DISPLAY": name, "WEBKIT_DISABLE_COMPOSITING_MODE": "1"}
        environment |= dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9") | {"no_proxy": "127.0.0.1"}
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            environment["WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS"] = "1"
        port = free_port()
        with ended([driver, f"--port={port}"], env=environment, stderr=subprocess.DEVNULL):
            tab = WebKit(listening(f"http://127.0.0.1:{port}"), browser)
            try:
                yield tab
            finally:
                tab.send("DELETE", "")


@contextlib.contextmanager
def display() -> Iterator[str]:
    """The display that there is, or one that nobody sees."""
    if "DISPLAY" in os.environ:
        yield os.environ["DISPLAY"]
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1300x900x24", "-nolisten", "tcp"]
    with ended(command, pass_fds=[write], stderr=subprocess.DEVNULL):
        os.close(write)
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"


def free_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def listening(address: str) -> str:
    """Wait until a server answers."""
    end = time.monotonic() + LONG
    while True:
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{address}/status", timeout=5).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.1)
        else:
            return address


@contextlib.contextmanager
def ended(command: list[Any], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program for as long as the block."""
    process = subprocess.Popen(list(map(str, command)), **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def webkit_programs() -> tuple[str, str] | None:
    """WebKit's driver and its small browser, where both are there and have a display."""
    driver, browsers = shutil.which("WebKitWebDriver"), sorted(Path("/").glob(MINI_BROWSER.lstrip("/")))
    can_show = "DISPLAY" in os.environ or shutil.which("Xvfb")
    return (driver, str(browsers[0])) if driver and browsers and can_show else None

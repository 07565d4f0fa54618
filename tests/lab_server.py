"""A JupyterLab for the tests: one server for all that need one."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class JupyterLab:
    """A running server, and the folder that it shows."""

    folder: Path
    address: str  # with NAME in the place of the notebook's name

    def holds(self, name: str, *cells: Any) -> str:
        """Put a notebook of these cells there, and answer its address; the kernel is named, so nobody is asked."""
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=list(cells), metadata=metadata), self.folder / name)
        return self.address.replace("NAME", name)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[JupyterLab]:
    """Start JupyterLab with a token, on a port that was free a moment ago, or on one of the next."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    token = os.urandom(12).hex()
    settings = folder / "settings"
    quiet = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--port-retries=50",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={folder}",
        "--allow-root",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--LabApp.user_settings_dir={settings}",
        f"--LabApp.workspaces_dir={folder / 'workspaces'}",
    ]
    own = {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }
    log = (folder / "jupyter.log").open("wb")
    server = subprocess.Popen(command, cwd=folder, env={**os.environ, **own}, stdout=log, stderr=log)
    try:
        address = _wait_for(server, token, folder)
        yield JupyterLab(folder, f"{address}/doc/tree/NAME?token={token}")
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(30)
        server.kill()
        server.wait()
        log.close()


def _wait_for(server: subprocess.Popen[bytes], token: str, folder: Path) -> str:
    """The server's address, once it answers; which port it has taken it writes down itself."""
    written = folder / "runtime" / f"jpserver-{server.pid}.json"
    for _ in range(1000):
        with contextlib.suppress(OSError, ValueError):
            address = f"http://127.0.0.1:{json.loads(written.read_text(encoding='utf-8'))['port']}"
            with urllib.request.urlopen(f"{address}/api?token={token}", timeout=5):
                return address
        assert server.poll() is None, _said(folder)
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start: " + _said(folder))


def _said(folder: Path) -> str:
    return (folder / "jupyter.log").read_text(encoding="utf-8")[-2000:]

"""Set-up for every test: a known environment for kernels, and no notebook cell that raises unnoticed."""
from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from nbval.plugin import IPyNbCell

ROOT = Path(__file__).resolve().parent

# Kernels are child processes that start in notebooks/: what they need goes through the environment.
os.environ["PYTHONPATH"] = str(ROOT)  # `import otp_mini`, even where the package is not installed
os.environ["PYTHONHASHSEED"] = "0"  # sets of strings print in one order
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # a debugger's warning that nobody asked for
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"  # else jupyter_core warns that its folders will move


def pytest_configure(config: pytest.Config) -> None:
    """Give the kernels an IPython folder of their own: a reader's profile must not change an output."""
    folder = tempfile.TemporaryDirectory(prefix="otp-mini-ipython-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    os.environ["IPYTHONDIR"] = folder.name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a notebook cell that raised, even when it showed no error.

    nbval looks for an `error` output. IPython writes an ExceptionGroup to stderr instead and publishes
    none, so such a cell would pass. The kernel's reply does say `error`: look at that as well.
    """
    if not isinstance(item, IPyNbCell):
        return (yield)
    kernel = item.parent.kernel
    replies: list[dict[str, Any]] = []
    read = kernel.get_message

    def read_and_keep(stream: str, timeout: float | None = None) -> Any:
        message = read(stream, timeout=timeout)
        if message["msg_type"] == "execute_reply":
            replies.append(message["content"])
        return message

    with mock.patch.object(kernel, "get_message", read_and_keep):
        result = yield
    for reply in replies:
        if reply["status"] == "error" and not item.options["check_exception"]:
            raised = f"The cell raised {reply['ename']}: {reply['evalue']}"
            item.raise_cell_error(raised, "It published no error output.")
    return result

"""Look into a running server: its state, its status, what it receives.

For debugging, in a console or a test. A program that needs a server's state asks for it with
a call.

OTP: ``:sys``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .primitives import Destination, ask, check_timeout, find


async def _request(function: str, server: Destination, request: object, timeout: float) -> Any:
    where = ("sys", function, [server, timeout])
    return await ask(find(server), "system", request, check_timeout(timeout), where)


async def get_state(server: Destination, timeout: float = 5.0) -> Any:
    """A copy of the server's state.

    OTP: ``:sys.get_state/2``

    Example:
        >>> from otp_mini import GenServer, run, sys_
        >>> async def main():
        ...     return await sys_.get_state(await GenServer.start_link({"visits": 3}))
        >>> run(main)
        {'visits': 3}
    """
    return await _request("get_state", server, "get_state", timeout)


async def replace_state(server: Destination, change: Callable[[Any], Any], timeout: float = 5.0) -> Any:
    """Replace the state by ``change(state)``, and answer the new one.

    Raises:
        Exception: what ``change`` raised; the state is then as before.

    OTP: ``:sys.replace_state/3``
    """
    outcome, value = await _request("replace_state", server, ("replace_state", change), timeout)
    if outcome == "error":
        raise value
    return value


async def get_status(server: Destination, timeout: float = 5.0) -> dict[str, Any]:
    """Its pid, class, name, parent and state, and whether it is suspended.

    OTP: ``:sys.get_status/2``
    """
    status: dict[str, Any] = await _request("get_status", server, "get_status", timeout)
    return status


async def suspend(server: Destination, timeout: float = 5.0) -> str:
    """Have it handle nothing but system messages from here on.

    OTP: ``:sys.suspend/2``
    """
    return str(await _request("suspend", server, "suspend", timeout))


async def resume(server: Destination, timeout: float = 5.0) -> str:
    """Have it go on.

    OTP: ``:sys.resume/2``
    """
    return str(await _request("resume", server, "resume", timeout))


async def trace(server: Destination, flag: bool, timeout: float = 5.0) -> str:
    """Have it print what it receives, or stop doing so.

    OTP: ``:sys.trace/3``
    """
    return str(await _request("trace", server, ("trace", flag), timeout))

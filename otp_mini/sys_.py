"""Look into a running server: its state, its status, what it receives.

For debugging, in a console or a test. A program that needs a server's state asks for it with
a call.

OTP: ``:sys``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import BadArg, safe_repr
from .plain_functions import check_plain
from .primitives import Destination, Where, ask, check_timeout, find


async def _request(what: str, server: Destination, term: object, timeout: float | None) -> Any:
    where: Where = ("sys", what, [server, timeout])
    outcome, value = await ask(find(server), "system", (what, term), check_timeout(timeout), where)
    if outcome == "error":
        raise value
    return value


async def get_state(server: Destination, timeout: float | None = 5.0) -> Any:
    """A copy of the server's state.

    OTP: ``:sys.get_state/2``

    Example:
        >>> from otp_mini import GenServer, run, sys_
        >>> async def main():
        ...     return await sys_.get_state(await GenServer.start_link({"visits": 3}))
        >>> run(main)
        {'visits': 3}
    """
    return await _request("get_state", server, None, timeout)


async def replace_state(server: Destination, change: Callable[[Any], Any], timeout: float | None = 5.0) -> Any:
    """Replace the state by ``change(state)``, and answer the new one.

    Raises:
        BadArg: ``change`` is no plain function, or its answer would have to be awaited.
        Exception: what ``change`` raised; the state is then as before.

    OTP: ``:sys.replace_state/3``
    """
    check_plain(change, "replace_state's function")
    return await _request("replace_state", server, change, timeout)


async def get_status(server: Destination, timeout: float | None = 5.0) -> dict[str, Any]:
    """Its pid, class, name, parent and state, and whether it is suspended.

    OTP: ``:sys.get_status/2``
    """
    status: dict[str, Any] = await _request("get_status", server, None, timeout)
    return status


async def suspend(server: Destination, timeout: float | None = 5.0) -> str:
    """Have it handle nothing but system messages from here on.

    OTP: ``:sys.suspend/2``
    """
    return str(await _request("suspend", server, None, timeout))


async def resume(server: Destination, timeout: float | None = 5.0) -> str:
    """Have it go on.

    OTP: ``:sys.resume/2``
    """
    return str(await _request("resume", server, None, timeout))


async def trace(server: Destination, flag: bool, timeout: float | None = 5.0) -> str:
    """Have it print what it receives, or stop doing so.

    OTP: ``:sys.trace/3``
    """
    if not isinstance(flag, bool):
        raise BadArg(f"trace is switched with True or False, got {safe_repr(flag)}")
    return str(await _request("trace", server, flag, timeout))

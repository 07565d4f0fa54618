"""Application: the root of a tree."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import (
    AlreadyStarted,
    Application,
    BadArg,
    GenServer,
    Node,
    Process,
    StartError,
    Supervisor,
    child_spec,
)

EVENTS: list[Any] = []


def play(main: Any) -> Any:
    EVENTS.clear()
    with Node(clock="virtual") as node:
        return node.run(main)


class Shop(Application):
    async def start(self, type: str, args: Any) -> Any:
        EVENTS.append(("start", type, args))
        return await Supervisor.start_link(
            [child_spec((Till, args), id="till")], strategy="one_for_one", max_restarts=0, name="shop"
        )

    def stop(self, state: Any) -> None:
        EVENTS.append("stop")


class Till(GenServer):
    def init(self, argument: Any) -> Any:
        Process.flag(trap_exit=True)
        return super().init(argument)

    def terminate(self, reason: object, state: Any) -> None:
        EVENTS.append(("till", reason))


def test_starting_answers_the_top_supervisor_and_stopping_cleans_up_after_the_tree() -> None:
    async def main() -> Any:
        top = await Shop.start_application("args")
        running = Application.started()
        return top is Process.whereis("shop"), running, await Shop.stop_application(), Process.alive(top)

    assert play(main) == (True, [Shop], "ok", False)
    assert EVENTS == [("start", "normal", "args"), ("till", "shutdown"), "stop"]


def test_an_application_runs_once() -> None:
    async def main() -> None:
        await Shop.start_application()
        with pytest.raises(AlreadyStarted):
            await Shop.start_application()

    play(main)


@pytest.mark.parametrize(("type", "level"), [("temporary", 0), ("permanent", 1)])
def test_the_end_of_the_tree_is_the_end_of_the_application(
    type: Any, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> Any:
        top = await Shop.start_application(type=type)
        Process.exit((await Supervisor.which_children(top))[0].pid, "kill")  # type: ignore[arg-type]
        await Process.sleep(1)
        return Process.alive(top), Application.started()

    assert play(main) == (False, [])
    assert EVENTS[-1] == "stop"
    assert caplog.text.count("Application Shop exited: 'shutdown'") == level


def test_a_start_that_fails_says_what_it_failed_with() -> None:
    class Broken(Application):
        async def start(self, type: str, args: Any) -> Any:
            return "no pid"

    async def main() -> Any:
        with pytest.raises(StartError) as caught:
            await Broken.start_application()
        return caught.value.reason, Application.started()

    assert play(main) == (("bad_return", ((Broken, "start"), "no pid")), [])


def test_an_unknown_type_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(BadArg, match="got 'eternal'"):
            await Shop.start_application(type="eternal")  # type: ignore[arg-type]

    play(main)

"""The supervision tree: what it says, that it is the same every time, and that nothing in it becomes markup."""

from __future__ import annotations

from typing import Any

import pytest

from otp_mini import (
    BadArg,
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    Node,
    Process,
    Supervisor,
    child_spec,
    spawn,
    tree,
)
from otp_mini.viz.tree_data import Member, More


def play(main: Any) -> Any:
    with Node(clock="virtual") as node:
        return node.run(main)


def test_the_text_says_strategy_budget_restart_type_pid_and_state() -> None:
    async def main() -> Any:
        children = [child_spec(GenServer, id="till"), child_spec(GenServer, id="stock", restart="transient")]
        return str(tree(await Supervisor.start_link(children, strategy="rest_for_one", name="shop")))

    assert play(main).splitlines() == [
        "● shop #PID<0.2.0>: running, rest_for_one supervisor, 0 of 3 restarts in 5 s",
        "├── ● till #PID<0.3.0>: running, permanent worker",
        "└── ● stock #PID<0.4.0>: running, transient worker",
    ]

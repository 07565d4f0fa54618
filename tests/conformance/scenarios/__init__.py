"""Strategies that draw random scenarios, one module for each family (or two that are alike)."""

from __future__ import annotations

from hypothesis import strategies as st

from . import agent, ets, gen_server, links, registry, supervisor, task
from .common import Scenario

#: For each family, what draws one scenario of it.
STRATEGIES: dict[str, st.SearchStrategy[Scenario]] = {
    "sup": supervisor.scenarios(),
    "dyn": supervisor.dynamic_scenarios(),
    "gs": gen_server.scenarios(),
    "links": links.scenarios(),
    "reg": registry.scenarios(),
    "task": task.scenarios(),
    "ets": ets.scenarios(),
    "agent": agent.scenarios(),
}

__all__ = ["STRATEGIES", "Scenario"]

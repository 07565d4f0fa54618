"""Many runs of one scenario: break it in every way, and record what really came of it."""

from __future__ import annotations

from .futures import Lab, futures_of, strategy_labs
from .recorder import OPS
from .world import WAIT, WAYS

__all__ = ["OPS", "WAIT", "WAYS", "Lab", "futures_of", "strategy_labs"]

"""Many runs of one scenario: break it in every way, and record what really came of it."""

from __future__ import annotations

from .futures import Lab, futures_of, strategy_labs
from .recorder import OPS
from .starts import start_of
from .world import WAYS, seconds_of, waiting

__all__ = ["OPS", "WAYS", "Lab", "futures_of", "seconds_of", "start_of", "strategy_labs", "waiting"]

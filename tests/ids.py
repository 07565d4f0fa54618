"""Names for the cases of a test that are the same in every run and in every process of one."""

from __future__ import annotations

import re


def stable(value: object) -> str:
    """The case as `repr` writes it, without addresses of memory: each process of pytest-xdist has others."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))

"""What this machine's processor can do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FEATURES = Path("/proc/cpuinfo")
"""Where Linux lists the features of each core."""

_BFLOAT16 = ("amx_bf16", "avx512_bf16")
"""Features that multiply bfloat16 numbers, the fastest first."""


@cache
def bfloat16_feature() -> str | None:
    """The feature by which the processor multiplies bfloat16 numbers; None if none is known."""
    try:
        listed = FEATURES.read_text().split()
    except OSError:
        return None
    return next((name for name in _BFLOAT16 if name in listed), None)

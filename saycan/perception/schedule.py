"""How long a training takes, in time or in steps, and the learning rate on the way."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator


def shares(seconds: float | None = None, steps: int | None = None) -> Iterator[float]:
    """The share of a training that is done, before each of its steps: of a time, or of a number of steps."""
    began, step = time.monotonic(), 0
    while True:
        share = step / steps if steps else (time.monotonic() - began) / (seconds or 1.0)
        if share >= 1:
            return
        yield share
        step += 1


def rate(share: float, warm: float) -> float:
    """Factor of the learning rate: up along a line over the share ``warm``, down along half a cosine to 0 (SGDR, arXiv:1608.03983)."""
    return min(1.0, (share + 1e-3) / warm) * (1 + math.cos(math.pi * share)) / 2

"""Intervals for shares that were counted."""

from __future__ import annotations

from math import sqrt

_Z = 1.959963984540054  # the normal distribution's 97.5% quantile


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95% interval for the chance of success after so many successes in n tries (Wilson 1927); (0, 1) if there was none.

    In plain arithmetic, as importing ``scipy.stats`` for it takes longer than many a command.
    """
    if n == 0:
        return 0.0, 1.0
    share, spread = successes / n, _Z * _Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt((share * (1 - share) + spread / 4) / n) / (1 + spread)
    return (middle - half if successes else 0.0), (middle + half if successes < n else 1.0)

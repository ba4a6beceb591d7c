"""Few seeds, honestly: interquartile means with bootstrap intervals (Agarwal et al. 2021), and thresholds that were never reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_DRAWS = 2000


def iqm(values: np.ndarray) -> np.ndarray:
    """The mean of the middle half of the values, a quarter (rounded down) left out at each end.

    :param values: shape (S, ...), one row a seed.
    :return: shape (...).
    """
    ordered = np.sort(values, axis=0)
    cut = len(ordered) // 4
    middle: np.ndarray = ordered[cut : len(ordered) - cut].mean(axis=0)
    return middle


def bootstrap(values: np.ndarray, seed: int = 0, draws: int = _DRAWS) -> tuple[np.ndarray, np.ndarray]:
    """The 95% percentile interval of the interquartile mean, seeds drawn with replacement.

    :param values: shape (S, ...).
    :return: lower and upper bound, shape (...) each.
    """
    rng = np.random.default_rng(seed)
    means = np.stack([iqm(values[rng.integers(len(values), size=len(values))]) for _ in range(draws)])
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    return low, high


def executions_to(curves: Sequence[Sequence[Sequence[float]]], threshold: float) -> dict[str, Any]:
    """Real executions until success is first at least a threshold.

    :param curves: for each seed, pairs of executions and success.
    :return: for each seed (None: never, the value is censored), how many reached it, and the median, which is None if half never did.
    """
    first = [next((int(x) for x, y in curve if y >= threshold), None) for curve in curves]
    median = float(np.median([np.inf if value is None else value for value in first]))
    return {
        "seeds": first,
        "reached": sum(value is not None for value in first),
        "median": median if np.isfinite(median) else None,
    }

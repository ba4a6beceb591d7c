"""The product: which candidate is both useful and possible."""

from __future__ import annotations

import numpy as np


def combine(say: np.ndarray, can: np.ndarray, tau: float = 1.0, strength: float = 1.0) -> np.ndarray:
    """pi(a) = exp(say / tau) * can^strength; not normalised, so that it says how much of what language wants is possible.

    :param say: log-probabilities of the candidates, shape (K,); they may sum to less than one (see ``Language.log_probs``).
    :param can: probabilities of success, shape (K,).
    :return: in [0, 1], shape (K,).
    """
    return np.exp(say / tau) * can**strength


def select(product: np.ndarray, least: float) -> int | None:
    """Index of the highest product, the first of equals.

    None if all products together are below ``least``: of what language wants, (almost) nothing is possible.
    """
    return int(np.argmax(product)) if product.sum() >= least else None

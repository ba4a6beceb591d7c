"""The product: which candidate is both useful and possible."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Choose = Callable[[np.ndarray, np.ndarray, float], int | None]
"""From say and product, both of shape (K,), and the least that all products must sum to: index of the choice; None: none of them."""
_NOTHING = 1e-9  # what is missing to one by rounding


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


def highest(say: np.ndarray, product: np.ndarray, least: float) -> int | None:
    """The best choice: what an agent at work does."""
    return select(product, least)


def policy(say: np.ndarray, product: np.ndarray, tau: float = 1.0) -> np.ndarray:
    """Say and can as one distribution: pi(a) in proportion to the products, and to what ``say`` leaves to one for doing none of them.

    :return: probability of each candidate and, last, of none, shape (K + 1,); they sum to one.
    """
    left = 1.0 - float(np.exp(say).sum())
    weights = np.append(product, left ** (1 / tau) if left > _NOTHING else 0.0)
    total = weights.sum()
    return weights / total if total else np.eye(len(weights))[-1]  # where nothing is possible: none


def likeliest(tau: float = 1.0) -> Choose:
    """The likeliest of ``policy``: what an agent that learns would do most often."""

    def choose(say: np.ndarray, product: np.ndarray, least: float) -> int | None:
        choice = int(np.argmax(policy(say, product, tau)))
        return choice if choice < len(product) else None

    return choose


def drawn(rng: np.random.Generator, tau: float = 1.0) -> Choose:
    """Choices drawn from ``policy``: what an agent that learns does."""

    def choose(say: np.ndarray, product: np.ndarray, least: float) -> int | None:
        choice = int(rng.choice(len(product) + 1, p=policy(say, product, tau)))
        return choice if choice < len(product) else None

    return choose

"""What policies are optimised for: GRPO's advantages and clipped ratio, its estimate of the KL divergence, and DPO's preference."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional


def advantages(rewards: np.ndarray) -> np.ndarray | None:
    """GRPO (arXiv 2402.03300): (r - mean) / (std + 1e-6) within a group, shape (G,); None if all are alike, and nothing can be learned.

    The standard deviation is that of a sample, as in TRL.
    """
    if np.ptp(rewards) < 1e-6:
        return None
    return (rewards - rewards.mean()) / (rewards.std(ddof=1) + 1e-6)


def clipped(new: torch.Tensor, old: torch.Tensor, advantage: torch.Tensor, clip: float) -> torch.Tensor:
    """PPO's loss (arXiv 1707.06347), of each step: -min(rho A, clip(rho, 1 ± clip) A) with rho = pi_new / pi_old.

    :param new: log pi of what was done, shape (N,); ``old`` when it was done; ``advantage`` of each, shape (N,).
    """
    ratio = torch.exp(new - old)
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)


def k3(new: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Unbiased estimate of KL(pi_new || pi_ref) from what was done (Schulman's k3), never negative, shape (N,)."""
    return torch.exp(reference - new) - (reference - new) - 1


def preference(margin: torch.Tensor, reference: torch.Tensor, beta: float) -> torch.Tensor:
    """DPO (arXiv 2305.18290): -log sigmoid(beta (margin - its reference)), shape (N,).

    :param margin: log pi(better) - log pi(worse), shape (N,); ``reference``: the same of the reference policy.
    """
    return -functional.logsigmoid(beta * (margin - reference))


def kl(log_p: torch.Tensor, log_q: torch.Tensor) -> float:
    """KL(p || q) of two distributions in nats, exactly, shapes (K,)."""
    return float((log_p.exp() * (log_p - log_q)).sum())


def above_baseline(rewards: np.ndarray, probabilities: np.ndarray, chosen: int) -> float:
    """A step's reward less what the policy could expect there: with finitely many options that baseline is exact.

    :param rewards: of every option, shape (K,); ``probabilities``: the policy's.
    """
    return float(rewards[chosen] - probabilities @ rewards)

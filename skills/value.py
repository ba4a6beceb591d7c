"""Success values: fit what came of rollouts from good and hopeless starts, calibrate on other episodes, measure on others again.

Monte Carlo policy evaluation with reward 1 on success, 0 otherwise and no discount: V(s) = p(success from s).
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from torch import nn

from skills.networks import SuccessValue, mlp
from skills.rollouts import Rollouts

_HIDDEN = (256, 256)
_BATCH, _EPOCHS, _NOISE = 256, 30, 0.02
_STOPPING = 0.1  # share of the episodes that says when to stop


def fit(rollouts: Rollouts, seed: int) -> SuccessValue:
    """Fit a success value: a network on most episodes, when to stop on the others. It is not calibrated yet.

    Episodes that could not begin are left out: what the arm knows of itself need not be learned.
    """
    rollouts = rollouts.where(rollouts.ready)
    stopping = rollouts.episode < _STOPPING * (rollouts.episode.max() + 1)
    return SuccessValue(_train(rollouts.where(~stopping), rollouts.where(stopping), seed))


def calibrate(value: SuccessValue, asked: Rollouts) -> SuccessValue:
    """The same value with its logits scaled and shifted (Platt 1999) to fit states that it has not seen.

    :param asked: states as the agent asks about them; undisturbed starts.
    """
    starts = asked.where(asked.ready).starts
    if not 0 < starts.success.mean() < 1:
        return value
    platt = LogisticRegression(C=10.0).fit(value.logits(starts.observations)[:, None], starts.success)
    return SuccessValue(value.network, max(float(platt.coef_[0, 0]), 1e-3), float(platt.intercept_[0]))


def _train(train: Rollouts, rest: Rollouts, seed: int) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = mlp([train.observations.shape[1], *_HIDDEN, 1], nn.ReLU)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=3e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS)
    x, y = torch.from_numpy(train.observations), torch.from_numpy(train.success).float()
    asked = rest.starts
    x_rest, y_rest = torch.from_numpy(asked.observations), torch.from_numpy(asked.success).float()
    weights = torch.from_numpy(np.where(train.first, 3.0, 1.0)).float()  # the agent asks at the start
    loss_of = nn.functional.binary_cross_entropy_with_logits
    best, kept = np.inf, network.state_dict()
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(x), generator=generator).split(_BATCH):
            optimiser.zero_grad()
            noisy = x[batch] + _NOISE * torch.randn(x[batch].shape, generator=generator)
            loss_of(network(noisy)[:, 0], y[batch], weights[batch]).backward()
            optimiser.step()
        schedule.step()
        with torch.inference_mode():
            loss = float(loss_of(network(x_rest)[:, 0], y_rest))
        if loss < best:
            best, kept = loss, {k: v.clone() for k, v in network.state_dict().items()}
    network.load_state_dict(kept)
    return network.eval()


def quality(probability: np.ndarray, success: np.ndarray) -> dict[str, float | None]:
    """AUROC (None if all or none succeeded), expected calibration error in ten equal bins, Brier score."""
    both = 0 < success.mean() < 1
    return {
        "auroc": round(float(roc_auc_score(success, probability)), 4) if both else None,
        "ece": round(expected_calibration_error(probability, success), 4),
        "brier": round(float(brier_score_loss(success, probability)), 4),
    }


def reliability(probability: np.ndarray, success: np.ndarray, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each of some equal bins of what was said: mean of what was said, share that came true, number of states."""
    which = np.clip((probability * bins).astype(int), 0, bins - 1)
    groups = [which == b for b in range(bins)]
    return [(float(probability[g].mean()), float(success[g].mean()), int(g.sum())) for g in groups if g.any()]


def expected_calibration_error(probability: np.ndarray, success: np.ndarray, bins: int = 10) -> float:
    """Mean gap between what was said and what came, over equal bins of what was said, weighted by their size (Guo et al. 2017)."""
    gaps = [n * abs(said - came) for said, came, n in reliability(probability, success, bins)]
    return float(sum(gaps) / len(probability))

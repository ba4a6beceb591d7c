"""Success values: roll the trained policy out from good and hopeless starts, fit what came of it, calibrate on other episodes.

Monte Carlo policy evaluation with reward 1 on success, 0 otherwise and no discount: V(s) = p(success from s).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from torch import nn

from skills.envs import SkillEnv
from skills.networks import Policy, SuccessValue, mlp

_LATER = 2  # states kept of each episode besides its first
_BATCH, _EPOCHS = 256, 40


@dataclass(frozen=True)
class Rollouts:
    """States of some episodes and what came of them.

    :param observations: float32, shape (S, N).
    :param success: whether the episode of each state ended in success, shape (S,).
    :param episode: number of the episode of each state, shape (S,).
    :param first: whether the state is its episode's first, shape (S,).
    """

    observations: np.ndarray
    success: np.ndarray
    episode: np.ndarray
    first: np.ndarray
    control_steps: int

    def where(self, mask: np.ndarray) -> Rollouts:
        """Those states only."""
        return Rollouts(
            self.observations[mask], self.success[mask], self.episode[mask], self.first[mask], self.control_steps
        )


def roll_out(env: SkillEnv, policy: Policy, episodes: int, seed: int) -> Rollouts:
    """Run a policy and keep each episode's first state and a few later ones."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[np.ndarray, bool, int, bool]] = []
    control_steps = 0
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        seen, over = [observation], False
        while not over:
            observation, _, over, _, info = env.step(policy.act(observation))
            seen.append(observation)
            control_steps += 1
        between = np.arange(1, len(seen) - 1)
        later = rng.choice(between, size=min(_LATER, len(between)), replace=False)
        rows += [(seen[i], info["is_success"], episode, i == 0) for i in (0, *later)]
    observations, success, numbers, first = (np.array(column) for column in zip(*rows, strict=True))
    return Rollouts(observations, success.astype(float), numbers, first, control_steps)


def fit(rollouts: Rollouts, seed: int) -> SuccessValue:
    """Fit a success value: a network on four fifths of the episodes, its calibration on the rest."""
    held_out = rollouts.episode % 5 == 0
    train, rest = rollouts.where(~held_out), rollouts.where(held_out)
    value = SuccessValue(_train(train, rest, seed))
    firsts = rest.where(rest.first)
    if 0 < firsts.success.mean() < 1:
        platt = LogisticRegression(C=1.0).fit(value.logits(firsts.observations)[:, None], firsts.success)
        value.scale, value.shift = max(float(platt.coef_[0, 0]), 1e-3), float(platt.intercept_[0])
    return value


def _train(train: Rollouts, rest: Rollouts, seed: int) -> nn.Sequential:
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    network = mlp([train.observations.shape[1], 128, 128, 1], nn.ReLU)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _EPOCHS)
    x, y = torch.from_numpy(train.observations), torch.from_numpy(train.success).float()
    x_rest, y_rest = torch.from_numpy(rest.observations), torch.from_numpy(rest.success).float()
    weights = torch.from_numpy(np.where(train.first, 3.0, 1.0)).float()  # the agent asks at the start
    best, kept = np.inf, network.state_dict()
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(x), generator=generator).split(_BATCH):
            optimiser.zero_grad()
            noisy = x[batch] + 0.02 * torch.randn(x[batch].shape, generator=generator)
            nn.functional.binary_cross_entropy_with_logits(network(noisy)[:, 0], y[batch], weights[batch]).backward()
            optimiser.step()
        schedule.step()
        with torch.inference_mode():
            loss = float(nn.functional.binary_cross_entropy_with_logits(network(x_rest)[:, 0], y_rest))
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


def expected_calibration_error(probability: np.ndarray, success: np.ndarray, bins: int = 10) -> float:
    """Mean gap between what was said and what came, over equal bins of what was said, weighted by their size (Guo et al. 2017)."""
    which = np.clip((probability * bins).astype(int), 0, bins - 1)
    gaps = [abs(probability[which == b].sum() - success[which == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(probability))

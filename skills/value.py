"""Success values: fit what came of rollouts from good and hopeless starts, calibrate on other episodes, measure on others again.

Monte Carlo policy evaluation with reward 1 on success, 0 otherwise and no discount: V(s) = p(success from s).
"""

from __future__ import annotations

import numpy as np

from sim.cli import InputError
from skills.networks import SuccessValue, read
from skills.rollouts import Rollouts
from skills.trees import Trees

_TREES = {
    "max_iter": 300,
    "learning_rate": 0.05,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 30,
    "l2_regularization": 5.0,
}
_FIRST = 3.0  # weight of an episode's first state: that is where the agent asks


def fit(rollouts: Rollouts, seed: int) -> SuccessValue:
    """Fit a success value: gradient-boosted trees, because what decides is mostly on which side of some measure a state is.

    (A network of 256x256 fitted to the same rollouts told success from failure clearly less well: docs/skills.md.)
    Episodes that could not begin are left out: what the arm knows of itself need not be learned. It is not calibrated yet.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # scikit-learn takes a second to import
    from threadpoolctl import threadpool_limits

    rollouts = rollouts.where(rollouts.ready)
    if not len(rollouts.success):
        raise InputError(
            "no episode could begin, so there is nothing to fit a success value to; look at the task's ready()"
        )
    weights = np.where(rollouts.first, _FIRST, 1.0)
    success = rollouts.success > 0.5
    if success.all() or not success.any():  # trees need both; the one that is missing counts as one state in all
        success = np.append(success[1:], not success[0])
    with threadpool_limits(1):  # skills are trained side by side
        model = HistGradientBoostingClassifier(random_state=seed, early_stopping=False, **_TREES)
        model.fit(read(rollouts.observations), success, sample_weight=weights)
    return SuccessValue(Trees.of(model))


def calibrate(value: SuccessValue, asked: Rollouts) -> SuccessValue:
    """The same value with its logits scaled and shifted (Platt 1999) to fit states that it has not seen.

    :param asked: states as the agent asks about them; undisturbed starts.
    """
    from sklearn.linear_model import LogisticRegression

    starts = asked.where(asked.ready).starts
    if not 0 < starts.success.mean() < 1:
        return value
    platt = LogisticRegression(C=10.0).fit(value.logits(starts.observations)[:, None], starts.success)
    return SuccessValue(value.trees, max(float(platt.coef_[0, 0]), 1e-3), float(platt.intercept_[0]))


def quality(probability: np.ndarray, success: np.ndarray) -> dict[str, float | None]:
    """AUROC (None if all or none succeeded), expected calibration error in ten equal bins, Brier score."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

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

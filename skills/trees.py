"""Gradient-boosted trees as plain arrays: what scikit-learn has grown, without scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from skills.checkpoint import CheckpointError

if TYPE_CHECKING:  # what only uses trees does not wait for it
    from sklearn.ensemble import HistGradientBoostingClassifier

_FIELDS = ("feature", "threshold", "left", "right", "leaf")


@dataclass(frozen=True)
class Trees:
    """A sum of T regression trees (Friedman 2001) with at most M nodes each; what is not used is zero.

    :param feature: column that a node asks about, int, shape (T, M).
    :param threshold: it goes left if the column is not greater than this, float64, shape (T, M).
    :param left: and ``right``: the next node, int, shape (T, M); a leaf leads to itself.
    :param leaf: what a leaf adds, float64, shape (T, M).
    :param base: what the sum begins with.
    :param features: columns that an observation must have.
    """

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaf: np.ndarray
    base: float
    features: int

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """The sum for each observation, float64, shape (K,), for observations of shape (K, N)."""
        trees = np.arange(len(self.feature))
        node = np.zeros((len(observations), len(trees)), dtype=np.int64)
        rows = np.arange(len(observations))[:, None]
        while True:
            goes_left = observations[rows, self.feature[trees, node]] <= self.threshold[trees, node]
            then = np.where(goes_left, self.left[trees, node], self.right[trees, node])
            if np.array_equal(then, node):
                return self.base + self.leaf[trees, node].sum(axis=1)
            node = then

    def tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """The arrays under a prefix, for a checkpoint."""
        small = {"feature": np.uint8, "left": np.int16, "right": np.int16}
        arrays = {name: getattr(self, name).astype(small.get(name, np.float64)) for name in _FIELDS}
        arrays["base"] = np.array([self.base, self.features], dtype=np.float64)
        return {f"{prefix}.{name}": torch.from_numpy(array) for name, array in arrays.items()}

    @classmethod
    def constant(cls, value: float, features: int) -> Trees:
        """The same for every observation."""
        whole, real = np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1))
        return cls(whole, real, whole, whole, real, value, features)

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor], prefix: str) -> Trees:
        """The trees stored under a prefix.

        :raises CheckpointError: if they are not there or lead nowhere.
        """
        try:
            whole = {name: tensors[f"{prefix}.{name}"].numpy() for name in _FIELDS}
            base, features = tensors[f"{prefix}.base"].tolist()
        except (KeyError, ValueError):
            raise CheckpointError(f"the checkpoint has no trees '{prefix}' that fit together") from None
        arrays = {n: a.astype(np.int64) if n in ("feature", "left", "right") else a for n, a in whole.items()}
        count = arrays["feature"].shape
        nodes = np.stack([arrays["left"], arrays["right"]]) if len({a.shape for a in arrays.values()}) == 1 else None
        climbs = nodes is not None and bool(np.all((nodes >= np.arange(count[1])) & (nodes < count[1])))
        if not climbs or arrays["feature"].max(initial=0) >= features:
            raise CheckpointError(f"the checkpoint has no trees '{prefix}' that fit together")
        return cls(**arrays, base=float(base), features=int(features))

    @classmethod
    def of(cls, model: HistGradientBoostingClassifier) -> Trees:
        """The trees of a fitted binary classifier; their sum is its log-odds."""
        grown = [trees[0].nodes for trees in model._predictors]  # scikit-learn has no public way to them
        shape = (len(grown), max(len(nodes) for nodes in grown))
        nowhere = np.tile(np.arange(shape[1]), (shape[0], 1))  # an unused node leads to itself, as leaves do
        arrays: dict[str, np.ndarray] = {"feature": np.zeros_like(nowhere), "left": nowhere.copy()}
        arrays["right"] = nowhere.copy()
        arrays |= {name: np.zeros(shape) for name in ("threshold", "leaf")}
        for t, nodes in enumerate(grown):
            n, ends = len(nodes), nodes["is_leaf"].astype(bool)
            itself = np.arange(n)
            arrays["feature"][t, :n] = np.where(ends, 0, nodes["feature_idx"])
            arrays["threshold"][t, :n] = np.where(ends, 0.0, nodes["num_threshold"])
            arrays["left"][t, :n] = np.where(ends, itself, nodes["left"])
            arrays["right"][t, :n] = np.where(ends, itself, nodes["right"])
            arrays["leaf"][t, :n] = np.where(ends, nodes["value"], 0.0)
        base = float(np.asarray(model._baseline_prediction).ravel()[0])
        return cls(**arrays, base=base, features=int(model.n_features_in_))

"""What a skill has learned, without the libraries that trained it: its policy and its success value."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import torch
from safetensors.torch import save
from torch import nn

from skills.checkpoint import CheckpointError
from skills.observation import whereabouts
from skills.trees import Trees


def mlp(sizes: Sequence[int], activation: type[nn.Module]) -> nn.Sequential:
    """Linear layers of the given sizes with an activation between them."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers += [activation()] * (i > 0) + [nn.Linear(a, b)]
    return nn.Sequential(*layers)


def from_tensors(tensors: dict[str, torch.Tensor], prefix: str, activation: type[nn.Module]) -> nn.Sequential:
    """The network whose weights are stored under ``prefix``; its sizes are those of the weights.

    :raises CheckpointError: if the weights do not fit together.
    """
    mine = {key[len(prefix) + 1 :]: value for key, value in tensors.items() if key.startswith(prefix + ".")}
    weights = [
        mine[key] for key in sorted((k for k in mine if k.endswith("weight")), key=lambda k: int(k.split(".")[0]))
    ]
    try:
        network = mlp([weights[0].shape[1], *(w.shape[0] for w in weights)], activation)
        network.load_state_dict(mine)
    except (IndexError, RuntimeError, ValueError):
        raise CheckpointError(f"the checkpoint has no network '{prefix}' that fits together") from None
    return network.eval()


class Policy:
    """A trained policy's mean action.

    :param network: from the observation, shape (..., N), to the action, shape (..., 5); tanh between the layers, as in SB3's PPO.
    """

    def __init__(self, network: nn.Sequential):
        self.network = network

    @property
    def fingerprint(self) -> str:
        """The same only for the same weights."""
        return sha256(save(self.network.state_dict())).hexdigest()[:16]

    @torch.inference_mode()
    def act(self, observation: np.ndarray) -> np.ndarray:
        """The action for an observation, each number in [-1, 1], shape (5,)."""
        return self.network(torch.from_numpy(observation)).clamp(-1, 1).numpy()


class SuccessValue:
    """p(success | observation): the skill's value function with reward 1 on success and no discount.

    :param trees: from what is read of observations to logits before calibration, shape (K,).
    :param scale: and ``shift``: Platt calibration of the logit, fitted on episodes that the trees have not seen.
    """

    def __init__(self, trees: Trees, scale: float = 1.0, shift: float = 0.0):
        self.trees, self.scale, self.shift = trees, scale, shift

    def logits(self, observations: np.ndarray) -> np.ndarray:
        """Before calibration, float64, shape (K,), for observations of shape (K, N)."""
        return self.trees(read(observations)[:, : self.trees.features])

    def probability(self, observations: np.ndarray) -> np.ndarray:
        """Calibrated probability of success, float64, shape (K,), for observations of shape (K, N)."""
        return 1 / (1 + np.exp(-(self.scale * self.logits(observations) + self.shift)))


def read(observations: np.ndarray) -> np.ndarray:
    """What success values read: the observation, and where the target is, shape (K, N + WHEREABOUTS). Earlier ones read the first N alone."""
    return np.hstack([observations, whereabouts(observations)])

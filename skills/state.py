"""All that a training needs to go on after being killed, in a file: weights, the optimiser's moments, how far it is, its settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from stable_baselines3 import PPO

from skills import checkpoint
from skills.settings import check_same


def save_state(path: Path, model: PPO, settings: Mapping[str, Any], seconds: float) -> None:
    """Write where a training is.

    :param settings: what its result depends on.
    :param seconds: that it has taken.
    """
    optimiser = model.policy.optimizer.state_dict()
    tensors = {f"policy.{key}": value for key, value in model.policy.state_dict().items()}
    for number, moments in optimiser["state"].items():
        tensors |= {f"optimiser.{number}.{key}": torch.as_tensor(value) for key, value in moments.items()}
    record = {"control_steps": model.num_timesteps, "seconds": seconds, "settings": dict(settings)}
    checkpoint.write(path, tensors, record)


def load_state(path: Path, model: PPO, settings: Mapping[str, Any], seed: int) -> float:
    """Bring a new model to where a training was. The worlds begin new episodes, drawn from the seed and the control steps done.

    :return: seconds that the training had taken.
    :raises InputError: if the file is damaged or belongs to other settings.
    """
    tensors, record = checkpoint.read(path)
    if "settings" not in record:
        raise checkpoint.CheckpointError(
            f"{path} does not say what it was begun with; train without resume=true, or choose another out=DIR"
        )
    check_same(record["settings"], settings, path)
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        kind, number, *rest = key.split(".", 2)
        if kind == "optimiser":
            moments.setdefault(int(number), {})[rest[0]] = value
    weights = {key.removeprefix("policy."): value for key, value in tensors.items() if key.startswith("policy.")}
    try:
        model.policy.load_state_dict(weights)
    except RuntimeError:  # the task's own file was changed
        raise checkpoint.CheckpointError(
            f"{path} belongs to a policy that reads something else; train without resume=true, or choose another out=DIR"
        ) from None
    state = model.policy.optimizer.state_dict()
    model.policy.optimizer.load_state_dict({**state, "state": moments})
    model.num_timesteps = int(record["control_steps"])
    model.set_random_seed(seed + model.num_timesteps)
    return float(record["seconds"])

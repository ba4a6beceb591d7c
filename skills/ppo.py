"""Learn a skill's policy by PPO (Schulman et al. 2017; Stable-Baselines3) and come back after being killed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from omegaconf import OmegaConf
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecMonitor
from torch import nn

from sim.files import keep_rows, write_whole
from sim.panda import WORKSPACE
from skills import checkpoint
from skills.envs import SkillEnv
from skills.networks import Policy, mlp
from skills.observation import SIZE, columns
from skills.shards import Shards
from skills.state import load_state, save_state
from skills.tasks import Task

_LEAST_RATE = 0.05  # the learning rate falls to this share
_CURVE = "control_steps,seconds,success"
_RECENT = 200  # episodes whose success rate the learning curve shows
_MAY_CHANGE = {"save_every", "value_episodes", "test_episodes", "test_states"}  # the policy does not depend on them


class Columns(BaseFeaturesExtractor):
    """The part of the observation that a task's policy learns from.

    :param reads: names of features, see ``skills.observation``.
    """

    def __init__(self, space: gym.spaces.Box, reads: tuple[str, ...]):
        self.which = columns(reads)
        super().__init__(space, len(self.which))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """(B, N) -> (B, number of columns)."""
        return observations[:, self.which]


class Progress(BaseCallback):
    """The success rate of the last episodes, into TensorBoard and a CSV file; a saved state every few updates; the discount's rise.

    :param curve: CSV file with control steps, seconds of training and success rate.
    :param state: file for the training's state.
    :param settings: as in ``configs/skill/*.yaml``.
    :param begun: what the training was begun with, for its state.
    :param before: seconds that the training had taken before it was killed.
    """

    def __init__(self, curve: Path, state: Path, settings: Any, begun: Mapping[str, Any], before: float = 0.0):
        super().__init__()
        self._curve, self._state, self._begun, self._before = curve, state, begun, before
        self._every, self._steps = settings.save_every, settings.control_steps
        self._gammas = settings.gamma, settings.gamma_end
        self._recent = deque[bool](maxlen=_RECENT)
        self._began, self._updates = time.perf_counter(), 0

    @property
    def seconds(self) -> float:
        """Time spent on this training, before it was killed included."""
        return self._before + time.perf_counter() - self._began

    def _on_step(self) -> bool:
        ended = zip(self.locals["infos"], self.locals["dones"], strict=True)
        self._recent.extend(info["is_success"] for info, over in ended if over)
        return True

    def _on_rollout_start(self) -> None:
        self._look_further()
        if self._updates and self._updates % self._every == 0:
            save_state(self._state, self.model, self._begun, self.seconds)  # type: ignore[arg-type]
        self._updates += 1

    def _look_further(self) -> None:
        """Raise the discount: with a low one, what is quick is learnt soon; with a high one, it no longer pays to be quick and careless."""
        model: Any = self.model
        first, last = (1 / (1 - gamma) for gamma in self._gammas)  # how far ahead it looks, in control steps
        discount = 1 - 1 / _between(first, last, model.num_timesteps / self._steps)
        model.gamma = model.rollout_buffer.gamma = discount
        model.get_env().set_attr("discount", discount)

    def _on_rollout_end(self) -> None:
        rate = float(np.mean(self._recent)) if self._recent else 0.0
        self.logger.record("rollout/success", rate)
        with self._curve.open("a") as file:
            file.write(f"{self.num_timesteps},{self.seconds:.1f},{rate:.4f}\n")


def train_policy(
    task: Task,
    settings: Any,
    seed: int,
    files: Path,
    resume: bool = False,
    progress: bool = True,
    processes: int = 1,
    given: tuple[Policy, nn.Sequential | None] | None = None,
) -> tuple[Policy, nn.Sequential]:
    """Train a policy; its critic comes with it.

    :param settings: as in ``configs/skill/*.yaml``.
    :param files: where to write, without ending: ``.curve.csv``, ``.state.safetensors`` and TensorBoard's ``.tensorboard/``.
    :param resume: go on from the saved state, if there is one; if not, one that an earlier training left is removed.
    :param processes: that the worlds are spread over; the result does not depend on it.
    :param given: a trained policy to go on from, and its critic if there is one.
    :raises InputError: if the saved state is damaged or was begun with other settings.
    """
    state, curve = files.with_name(f"{files.name}.state.safetensors"), files.with_name(f"{files.name}.curve.csv")
    worlds = VecMonitor(_worlds(task, settings, processes))
    model = _new_model(task, settings, seed, worlds, files.with_name(f"{files.name}.tensorboard"))
    begun, before = _begun(task, settings, seed, given[0] if given else None), 0.0
    if given:
        _take_over(model, task, *given)
    if resume and state.exists():
        before = load_state(state, model, begun, seed)
        keep_rows(curve, _CURVE, lambda steps: steps <= model.num_timesteps)
    else:
        state.unlink(missing_ok=True)
        write_whole(curve, f"{_CURVE}\n")
    left = settings.control_steps - model.num_timesteps
    if left > 0:
        watch = Progress(curve, state, settings, begun, before)
        model.learn(left, callback=watch, progress_bar=progress, reset_num_timesteps=not model.num_timesteps)
        save_state(state, model, begun, watch.seconds)
    worlds.close()
    return networks_of(model, task)


def _begun(task: Task, settings: Any, seed: int, start: Policy | None) -> dict[str, Any]:
    """What a policy depends on, by the names that the command has for it."""
    whole: Any = OmegaConf.to_container(settings)
    skill = {key: value for key, value in whole.items() if key not in _MAY_CHANGE}
    return {
        "seed": seed,
        "start": f"policy {start.fingerprint}" if start else None,
        "skill": {**skill, "name": task.name},
    }


def _between(first: float, last: float, share: float) -> float:
    return first + (last - first) * min(share, 1.0)


def _worlds(task: Task, settings: Any, processes: int) -> VecEnv:
    def make() -> SkillEnv:
        near = "nearby" in task.reads  # the costly part of an observation
        blur = settings.get("blur", 0.0)
        return SkillEnv(task, close=settings.close, blur=blur, neighbours=near, within=WORKSPACE)  # learned sooner so

    return Shards(make, settings.worlds, processes) if processes > 1 else DummyVecEnv([make] * settings.worlds)


def _new_model(task: Task, settings: Any, seed: int, worlds: Any, log: Path) -> PPO:
    model = PPO(
        "MlpPolicy",
        worlds,
        n_steps=settings.n_steps,
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        policy_kwargs={
            "net_arch": list(settings.hidden),
            "log_std_init": settings.log_std,
            "features_extractor_class": Columns,
            "features_extractor_kwargs": {"reads": task.reads},
        },
        tensorboard_log=str(log),
        seed=seed,
        device="cpu",
    )
    model.lr_schedule = lambda _: (
        settings.learning_rate * max(1 - model.num_timesteps / settings.control_steps, _LEAST_RATE)
    )
    with torch.no_grad():
        actions: Any = model.policy.action_net
        actions.bias[-1] = settings.grip
    return model


def networks_of(model: PPO, task: Task) -> tuple[Policy, nn.Sequential]:
    """SB3's actor and critic as networks over the whole observation: weights of columns that they do not read are zero."""
    extractor: Any = model.policy.mlp_extractor
    actor = _whole([*extractor.policy_net, model.policy.action_net], task)
    return Policy(actor), _whole([*extractor.value_net, model.policy.value_net], task)


def _take_over(model: PPO, task: Task, policy: Policy, critic: nn.Sequential | None) -> None:
    """Give SB3's actor and critic the weights of networks over the whole observation: the inverse of ``networks_of``.

    :raises checkpoint.CheckpointError: if theirs are of another size.
    """
    parts: Any = model.policy.mlp_extractor
    pairs = [([*parts.policy_net, model.policy.action_net], policy.network)]
    pairs += [([*parts.value_net, model.policy.value_net], critic)] if critic is not None else []
    for layers, network in pairs:
        mine, given = ([part for part in whole if isinstance(part, nn.Linear)] for whole in (layers, network))
        if (sizes := [part.out_features for part in given]) != [part.out_features for part in mine]:
            raise checkpoint.CheckpointError(f"start= has other networks; choose theirs: skill.hidden={sizes[:-1]}")
        with torch.no_grad():
            for ours, theirs in zip(mine, given, strict=True):
                ours.bias.copy_(theirs.bias)
                ours.weight.copy_(theirs.weight[:, columns(task.reads)] if ours is mine[0] else theirs.weight)


def _whole(parts: list[Any], task: Task) -> nn.Sequential:
    layers = [part for part in parts if isinstance(part, nn.Linear)]
    network = mlp([SIZE, *[int(layer.out_features) for layer in layers]], nn.Tanh)
    mine = [part for part in network if isinstance(part, nn.Linear)]
    with torch.no_grad():
        for ours, theirs in zip(mine, layers, strict=True):
            ours.bias.copy_(theirs.bias)
            ours.weight.zero_()
            ours.weight[:, columns(task.reads) if ours is mine[0] else slice(None)] = theirs.weight
    return network.eval()

"""Train a skill from scratch: ``python -m skills.train skill=pick``.

PPO (Stable-Baselines3) on the dense reward, then the success value on rollouts of the trained policy, then a test on held-out seeds.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import deque
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from omegaconf import OmegaConf
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor
from torch import nn

from sim.cli import command, output_folder, print_json
from skills.checkpoint import provenance
from skills.envs import SkillEnv
from skills.evaluate import evaluate
from skills.library import SHIPPED, load, save
from skills.networks import Policy, mlp
from skills.observation import SIZE, columns
from skills.tasks import TASKS
from skills.value import fit, roll_out

_TEST_SEED = 1_000_000  # far from any training seed


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


class SuccessLog(BaseCallback):
    """Write the success rate of the last 200 episodes to TensorBoard and to ``curve.csv``."""

    def __init__(self, curve: Path):
        super().__init__()
        self._curve, self._recent = curve, deque[bool](maxlen=200)
        curve.write_text("control_steps,seconds,success\n")
        self._began = time.perf_counter()

    def _on_step(self) -> bool:
        self._recent.extend(
            i["is_success"] for i, over in zip(self.locals["infos"], self.locals["dones"], strict=True) if over
        )
        return True

    def _on_rollout_end(self) -> None:
        rate = float(np.mean(self._recent)) if self._recent else 0.0
        self.logger.record("rollout/success", rate)
        with self._curve.open("a") as file:
            file.write(f"{self.num_timesteps},{time.perf_counter() - self._began:.1f},{rate:.4f}\n")


def train_policy(settings: Any, seed: int, out: Path, progress: bool = True) -> Policy:
    """Train a policy by PPO.

    :param settings: as in ``configs/skill/*.yaml``.
    :param out: folder for TensorBoard's logs and the learning curve.
    """
    task = settings.name
    worlds = VecMonitor(DummyVecEnv([lambda: SkillEnv(task, nearby=settings.nearby)] * settings.worlds))
    model = PPO(
        "MlpPolicy",
        worlds,
        n_steps=settings.n_steps,
        batch_size=settings.batch_size,
        n_epochs=settings.n_epochs,
        learning_rate=lambda left: settings.learning_rate * max(left, 0.05),
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        policy_kwargs={
            "net_arch": list(settings.hidden),
            "log_std_init": settings.log_std,
            "features_extractor_class": Columns,
            "features_extractor_kwargs": {"reads": TASKS[task].reads},
        },
        tensorboard_log=str(out / "tensorboard"),
        seed=seed,
        device="cpu",
    )
    with torch.no_grad():
        actions: Any = model.policy.action_net
        actions.bias[-1] = settings.grip
    model.learn(settings.control_steps, callback=SuccessLog(out / "curve.csv"), progress_bar=progress)
    worlds.close()
    return policy_of(model, task)


def policy_of(model: PPO, task: str) -> Policy:
    """SB3's actor as a network over the whole observation: weights of columns that it does not read are zero."""
    layers: list[Any] = [m for m in model.policy.mlp_extractor.policy_net if isinstance(m, nn.Linear)]
    layers.append(model.policy.action_net)
    network = mlp([SIZE, *[int(layer.out_features) for layer in layers]], nn.Tanh)
    mine: list[Any] = [m for m in network if isinstance(m, nn.Linear)]
    with torch.no_grad():
        for ours, theirs in zip(mine, layers, strict=True):
            ours.bias.copy_(theirs.bias)
            ours.weight.zero_()
            ours.weight[:, columns(TASKS[task].reads) if ours is mine[0] else slice(None)] = theirs.weight
    return Policy(network.eval())


@command("train")
def main(config: Any) -> int:
    """Train, fit, test, save; the last line is the record's figures as JSON."""
    torch.set_num_threads(1)  # the networks are tiny; more threads only wait for one another
    settings, seed = config.skill, config.seed
    out = output_folder(config, f"train_{settings.name}")
    began = time.perf_counter()
    policy = load(Path(config.policy)).policy if config.policy else train_policy(settings, seed, out)
    trained = time.perf_counter() - began
    print(f"Rolling out {settings.value_episodes} episodes for the success value ...", flush=True)
    trial = SkillEnv(settings.name, doubtful=0.5, nearby=settings.nearby / 2)
    value = fit(roll_out(trial, policy, settings.value_episodes, seed + 1), seed)
    fitted = time.perf_counter() - began - trained
    record = {"skill": settings.name, "seed": seed, "config": OmegaConf.to_container(settings), **provenance()}
    record |= {"train_seconds": round(trained, 1), "value_seconds": round(fitted, 1)}
    if config.policy:
        record["policy"] = load(Path(config.policy)).record.get("policy") or load(Path(config.policy)).record
    path = out / f"{settings.name}.safetensors"
    save(path, policy, value, record)
    record["test"] = evaluate(load(path), settings.test_episodes, _TEST_SEED)
    save(path, policy, value, record)
    (out / "record.json").write_text(json.dumps(record, indent=2) + "\n")
    if config.install:
        SHIPPED.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, SHIPPED / path.name)
    print_json(
        {
            **record["test"],
            "train_seconds": record["train_seconds"],
            "value_seconds": record["value_seconds"],
            "checkpoint": str(path),
        }
    )
    return 0


if __name__ == "__main__":
    main()

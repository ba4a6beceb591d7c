"""The skills that the arm has: their words, their task, their networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from sim.paths import ASSETS
from skills import checkpoint
from skills.networks import Policy, SuccessValue, from_tensors
from skills.observation import SIZE
from skills.tasks import TASKS, Task

SHIPPED = ASSETS / "skills"


@dataclass(frozen=True)
class Skill:
    """A trained skill.

    :param record: how it came to be: configuration, command, commit, seed, figures.
    """

    task: Task
    policy: Policy
    value: SuccessValue
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    @property
    def argument(self) -> str:
        """What kind of word fills the phrase: "thing" or "receptacle"."""
        return self.task.phrase.split("{")[1].split("}")[0]

    def say(self, name: str) -> str:
        """The skill in language, with its argument."""
        return self.task.phrase.replace("{" + self.argument + "}", name)


def save(path: Path, policy: Policy, value: SuccessValue, record: dict[str, Any]) -> None:
    """Write a skill's networks and record."""
    tensors = {f"policy.{k}": v for k, v in policy.network.state_dict().items()}
    tensors |= {f"value.{k}": v for k, v in value.network.state_dict().items()}
    checkpoint.write(path, tensors, {**record, "calibration": [value.scale, value.shift]})


def load(path: Path) -> Skill:
    """Read a trained skill.

    :raises checkpoint.CheckpointError: if the file is missing, damaged, or made for another skill or observation.
    """
    tensors, record = checkpoint.read(path)
    name = record.get("skill")
    if name not in TASKS:
        raise checkpoint.CheckpointError(f"{path} is for a skill '{name}', which is not one of {', '.join(TASKS)}")
    policy = from_tensors(tensors, "policy", nn.Tanh)
    value = from_tensors(tensors, "value", nn.ReLU)
    if policy[0].in_features != SIZE or value[0].in_features != SIZE:
        raise checkpoint.CheckpointError(
            f"{path} was trained on another observation; train it again with `python -m skills.train skill={name}`"
        )
    scale, shift = record.get("calibration", (1.0, 0.0))
    return Skill(TASKS[name](), Policy(policy), SuccessValue(value, scale, shift), record)


def load_all(names: Iterable[str] | None = None, folder: Path = SHIPPED) -> dict[str, Skill]:
    """The skills of a folder by name; by default all that tasks exist for."""
    return {name: load(folder / f"{name}.safetensors") for name in (names or TASKS)}

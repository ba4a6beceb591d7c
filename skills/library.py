"""The skills that the arm has: their task, their networks, and where they are found.

Skills that ship are in ``skills/tasks`` and ``assets/skills``. Others live in folders of their own, named in the environment variable
``SAYCAN_SKILLS`` (several separated by a colon): ``wave.py`` with the task, ``skill/wave.yaml`` with its training, ``wave.safetensors``
once it is trained. See ``docs/add-a-skill.md``.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from sim.cli import InputError
from sim.paths import ASSETS, plugin_folders
from skills import checkpoint
from skills.networks import Policy, SuccessValue, from_tensors
from skills.observation import SIZE, WHEREABOUTS
from skills.tasks import TASKS, Task
from skills.tasks.base import SLOTS
from skills.trees import Trees

SHIPPED = ASSETS / "skills"


@dataclass(frozen=True)
class Skill:
    """A trained skill.

    :param critic: the critic that PPO trained the policy with (of the shaped, discounted reward), for comparison; if it was kept.
    :param record: how it came to be: configuration, command, commit, seed, figures.
    """

    task: Task
    policy: Policy
    value: SuccessValue
    critic: nn.Sequential | None
    record: dict[str, Any]

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    @torch.inference_mode()
    def critic_values(self, observations: np.ndarray) -> np.ndarray:
        """What PPO's critic says, shape (K,), for observations of shape (K, N)."""
        assert self.critic is not None, "this checkpoint has no critic"
        return self.critic(torch.from_numpy(observations))[:, 0].double().numpy()


def save(
    path: Path, policy: Policy, value: SuccessValue, record: dict[str, Any], critic: nn.Sequential | None = None
) -> None:
    """Write a skill's networks and record."""
    tensors = {f"policy.{k}": v for k, v in policy.network.state_dict().items()}
    tensors |= value.trees.tensors("value")
    if critic is not None:
        tensors |= {f"critic.{k}": v for k, v in critic.state_dict().items()}
    checkpoint.write(path, tensors, {**record, "calibration": [value.scale, value.shift]})


def load(path: Path) -> Skill:
    """Read a trained skill; once, as long as its file stays as it is.

    :raises checkpoint.CheckpointError: if the file is missing, damaged, or made for another skill or observation.
    """
    return _load(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(64)  # also because safetensors never frees a little of each file that it reads
def _load(path: Path, changed: int) -> Skill:
    tensors, record = checkpoint.read(path)
    name = record.get("skill")
    if name not in (known := tasks()):
        raise checkpoint.CheckpointError(f"{path} is for a skill '{name}', which is not one of {', '.join(known)}")
    policy = from_tensors(tensors, "policy", nn.Tanh)
    value = Trees.from_tensors(tensors, "value")
    if policy[0].in_features != SIZE or value.features not in (SIZE, SIZE + WHEREABOUTS):
        raise checkpoint.CheckpointError(
            f"{path} was trained on another observation; train it again with `python -m skills.train skill={name}`"
        )
    critic = from_tensors(tensors, "critic", nn.Tanh) if "critic.0.weight" in tensors else None
    scale, shift = record.get("calibration", (1.0, 0.0))
    return Skill(known[name](), Policy(policy), SuccessValue(value, scale, shift), critic, record)


def load_all(names: Iterable[str] | None = None) -> dict[str, Skill]:
    """Skills by name; by default all that ship, and those of other folders that have been trained.

    :raises InputError: if there is no skill of that name, or it has no checkpoint.
    """
    if names is None:
        names = [name for name in tasks() if name in TASKS or path_of(name).is_file()]
    return {name: load(path_of(task(name).name)) for name in names}


def tasks() -> dict[str, type[Task]]:
    """Every task by name: those that ship, then those in the folders of ``SAYCAN_SKILLS``.

    :raises InputError: if a file there does not run, or its task has no good name or phrase.
    """
    found, files = dict(TASKS), dict.fromkeys(TASKS, "a skill that ships")
    for folder in dict.fromkeys(plugin_folders()):
        for file in sorted(folder.glob("*.py")):
            for task in _tasks_in(file):
                _check(task, file)
                if task.name in found:
                    raise InputError(
                        f"the skill file {file} is called like {files[task.name]}; give one of them another name"
                    )
                found[task.name], files[task.name] = task, str(file)
    return found


def task(name: str) -> Task:
    """The task of that name.

    :raises InputError: if there is none.
    """
    if name not in (known := tasks()):
        raise InputError(f"there is no task '{name}'; there are {', '.join(known)}")
    return known[name]()


def path_of(name: str) -> Path:
    """Where a skill's trained networks are, or belong."""
    for folder in plugin_folders():
        if name not in TASKS and (folder / f"{name}.py").is_file():
            return folder / f"{name}.safetensors"
    return SHIPPED / f"{name}.safetensors"


def _tasks_in(file: Path) -> list[type[Task]]:
    module_name = f"saycan_skill_{sha256(bytes(file)).hexdigest()[:16]}"  # files in two folders may have one name
    if module_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(module_name, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[module_name]
            raise InputError(f"the skill file {file} does not run ({type(error).__name__}: {error})") from error
    classes = [c for _, c in inspect.getmembers(sys.modules[module_name], inspect.isclass)]
    return [c for c in classes if issubclass(c, Task) and c.__module__ == module_name and not inspect.isabstract(c)]


def _check(task: type[Task], file: Path) -> None:
    """Refuse a task that could not be stored or said: its checkpoint is found by the file's name, its phrase is filled from ``SLOTS``."""
    name, phrase = getattr(task, "name", None), getattr(task, "phrase", None)
    if not isinstance(phrase, str) or not isinstance(name, str):
        raise InputError(f"{task.__name__} in the skill file {file} needs a name and a phrase (docs/add-a-skill.md)")
    if name != file.stem:
        raise InputError(f"{task.__name__} in the skill file {file} has name = '{name}'; call both the same")
    slots = re.findall(r"\{([^}]*)\}", phrase)
    if unknown := [slot for slot in slots if slot not in SLOTS]:
        known = ", ".join(f"{{{slot}}}" for slot in SLOTS)
        raise InputError(f"the phrase of the skill {name} in {file} has {{{unknown[0]}}}; braces can be {known}")
    if slots[:1] == ["direction"]:
        raise InputError(
            f"the phrase of the skill {name} in {file} is about a direction alone; it needs a thing before it"
        )
    if slots[1:] not in ([], ["direction"]):
        raise InputError(
            f"the phrase of the skill {name} in {file} is about two things; the second can only be {{direction}}"
        )

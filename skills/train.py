"""Train a skill from scratch: ``python -m skills.train skill=pick``.

PPO (Stable-Baselines3) on the dense reward, then the success value on rollouts of the trained policy, then a test on held-out seeds.
Killed at any moment, ``resume=true out=DIR`` and the same settings go on from the last saved state.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf

from sim.cli import InputError, command, output_folder, print_json
from skills.checkpoint import provenance
from skills.evaluate import evaluate
from skills.library import Skill, load, path_of, save, task
from skills.ppo import train_policy
from skills.rollouts import collect
from skills.value import calibrate, fit

_TEST_SEED = 2_000_000  # far from any training seed
_CLOSE, _DISTURBED = 0.15, 0.15  # shares of the success value's episodes


def train(config: Any, files: Path) -> Skill:
    """Policy, success value, test; every stage is skipped if it was done before the training was killed.

    :param files: where to write, without ending.
    """
    settings, seed = config.skill, config.seed
    mine = task(settings.name)
    if config.policy and config.start:
        raise InputError("policy= keeps a policy as it is and start= trains one further; give one of them")
    given, earlier = _earlier(config, "policy"), _earlier(config, "start")
    folder = files.with_name(f"{files.name}.rollouts")
    if not config.resume:
        shutil.rmtree(folder, ignore_errors=True)
    if given:
        policy, critic = given.policy, given.critic
    else:
        known = (earlier.policy, earlier.critic) if earlier else None
        policy, critic = train_policy(
            mine, settings, seed, files, config.resume, config.progress, config.workers, known
        )
    fitting = time.perf_counter()
    mix = {"doubtful": 0.5, "close": _CLOSE, "disturbed": _DISTURBED}  # what it will be asked about
    title = f"{settings.name}, rollouts for its value" if config.progress else ""
    rollouts = collect(mine, policy, settings.value_episodes, seed + 1, folder, config.workers, title, **mix)
    value = fit(rollouts, seed)
    title = f"{settings.name}, starts to calibrate on" if config.progress else ""
    asked = collect(mine, policy, settings.value_episodes // 4, seed + 2, folder, config.workers, title, doubtful=0.5)
    value = calibrate(value, asked)
    record = {"skill": settings.name, "seed": seed, "config": OmegaConf.to_container(settings), **provenance()}
    record["train_seconds"] = 0.0 if given else round(_seconds(files), 1)
    record["value_seconds"] = round(time.perf_counter() - fitting, 1)  # without rollouts that were there after a kill
    if given:
        record["policy"] = given.record.get("policy") or _without_figures(given.record)
    elif earlier:
        record["start"] = _without_figures(earlier.record)
    skill = Skill(mine, policy, value, critic, record)
    test = evaluate(skill, settings.test_episodes, _TEST_SEED, settings.test_states, config.workers, config.progress)
    shutil.rmtree(folder, ignore_errors=True)
    return Skill(mine, policy, value, critic, {**record, "test": test})


def _earlier(config: Any, key: str) -> Skill | None:
    """The skill in the checkpoint that ``policy=`` or ``start=`` names, if any.

    :raises InputError: if it is of another skill than the one to be trained.
    """
    skill = load(Path(config[key])) if config[key] else None
    if skill and skill.task.name != config.skill.name:
        raise InputError(f"{key}={config[key]} is of the skill {skill.task.name}; choose one of {config.skill.name}")
    return skill


def _without_figures(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "test"}


def _seconds(files: Path) -> float:
    """How long the policy took to learn, the time before a kill included."""
    curve = files.with_name(f"{files.name}.curve.csv")
    rows = curve.read_text().splitlines()[1:] if curve.exists() else []
    return float(rows[-1].split(",")[1]) if rows else 0.0


@command("train")
def main(config: Any) -> int:
    """Train, fit, test, save; the last line is the record's figures as JSON."""
    torch.set_num_threads(1)  # the networks are tiny; more threads only wait for one another
    if config.resume and not config.out:
        raise InputError("resume=true needs the folder of the training that was killed: out=DIR")
    name = config.skill.name
    files = output_folder(config, f"train_{name}") / name
    skill = train(config, files)
    path = files.with_name(f"{name}.safetensors")
    save(path, skill.policy, skill.value, skill.record, skill.critic)
    files.with_name(f"{name}.record.json").write_text(json.dumps(skill.record, indent=2) + "\n")
    if config.install:
        save(path_of(name), skill.policy, skill.value, skill.record, skill.critic)
    times = {key: skill.record[key] for key in ("train_seconds", "value_seconds")}
    print_json({**skill.record["test"], **times, "checkpoint": str(path)})
    return 0


if __name__ == "__main__":
    main()

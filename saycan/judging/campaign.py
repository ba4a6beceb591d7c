"""What a benchmark's config asks for: checked, as jobs, and as the settings that its results are kept with."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from saycan.build import check_agent
from saycan.judging.suite import FOLDER, Suite, load_suite
from saycan.judging.trial import Job
from sim.cli import InputError
from skills.checkpoint import provenance

_FREE = ("workers", "progress", "video", "resume", "out", "repeat", "limit")  # settings that no row depends on
_LEAST = {"seed": 0, "repeat": 1, "workers": 1, "threads": 1, "limit": 1}


@dataclass(frozen=True)
class Campaign:
    """A benchmark that can begin.

    :param config: as plain data.
    :param jobs: in the order in which they are begun.
    :param settings: what each row depends on, as far as the user has it in hand; runs with other settings are not to be mixed.
    :param setup: what was used, for people and results.json.
    """

    config: dict[str, Any]
    jobs: tuple[Job, ...]
    settings: dict[str, Any]
    setup: dict[str, Any]

    def left(self, rows: Collection[Mapping[str, Any]]) -> list[Job]:
        """The jobs that have no row yet, or one that came to no end."""
        done = {(row["task"], row["seed"]) for row in rows if row.get("error") is None}
        return [job for job in self.jobs if job.key not in done]

    def wanted(self, rows: Collection[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The rows of this campaign's jobs, in their order, whatever the order in which they came."""
        by_key = {(row["task"], row["seed"]): row for row in rows}
        return [by_key[job.key] for job in self.jobs if job.key in by_key]


def make_campaign(config: Any) -> Campaign:
    """Check a config and read its suite.

    :raises InputError: if something cannot be used.
    """
    _check(config)
    check_agent(config, goal="none")  # each task will tell its own
    suite = load_suite(config.suite)
    tasks = suite.tasks[: config.limit]
    jobs = tuple(
        Job(number, seed, task)
        for seed in range(config.seed, config.seed + config.repeat)
        for number, task in enumerate(tasks, start=1)
    )
    plain: Any = OmegaConf.to_container(config, resolve=True)
    settings = {key: value for key, value in plain.items() if key not in (*_FREE, "seed", "suite")}
    settings = {"suite": suite.name, "tasks": _digest(suite), **settings}
    return Campaign(plain, jobs, settings, _setup(suite, config))


def _check(config: Any) -> None:
    if config.suite is None:
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.yaml")))
        raise InputError(f"say which suite, as in suite=dev: a name ({known}) or the path of a YAML file")
    for key, least in _LEAST.items():
        value = config[key]
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            raise InputError(f"{key} must be a whole number from {least} on, not {value}")
    if not 0 <= config.disturb <= 1:
        raise InputError(f"disturb is a share of the skills, from 0 to 1, not {config.disturb}")
    if config.resume and not config.out:
        raise InputError("resume=true goes on in a folder: say in which, with out=DIR")


def _digest(suite: Suite) -> str:
    """Tells whether a suite's tasks have changed."""
    return hashlib.sha256(repr(suite.tasks).encode()).hexdigest()[:12]


def _setup(suite: Suite, config: Any) -> dict[str, Any]:
    chosen = dict(HydraConfig.get().runtime.choices) if HydraConfig.initialized() else {}
    overrides = HydraConfig.get().overrides.task if HydraConfig.initialized() else sys.argv[1:]
    return {
        "suite": suite.name,
        "seed": config.seed,
        "repeat": config.repeat,
        "perception": config.perception.name,
        "agent": chosen.get("agent", "agent"),
        "planner": chosen.get("planner", "planner"),
        "llm": OmegaConf.select(config, "llm.model") or OmegaConf.select(config, "llm.base_url") or config.llm.kind,
        "disturb": config.disturb,
        "commit": provenance()["commit"],
        "command": " ".join(["python -m saycan.benchmark", *overrides]),
    }

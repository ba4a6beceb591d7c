"""Learning from one's own choices, on a toy: two blocks, and one of them asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kendalltau

from saycan.judging.suite import SuiteTask
from saycan.language.weights import load
from saycan.learning import grpo, implicit, inverse
from saycan.learning.grpo import Grpo
from saycan.learning.implicit import Implicit
from saycan.learning.inverse import Inverse
from saycan.learning.reinforce import Reinforcement
from sim.scenes import SceneSpec
from skills import library as skill_library
from skills.library import Skill

pytestmark = pytest.mark.usefixtures("one_thread")

SHARED = {"minutes": 60.0, "learning_rate": 1e-2, "tasks": 2, "tau": 8.0, "keep": 0.0, "beta": 0.0}
SCENE = SceneSpec(objects=["red block", "blue block"], seed=1)
TASKS = [SuiteTask(f"take the {c} block", "take", SCENE, f"holding({c} block)", False) for c in ("red", "blue")]


@pytest.fixture(scope="module")
def pick() -> Mapping[str, Skill]:
    return {"pick": skill_library.load_all()["pick"]}


def both(rng: np.random.Generator, count: int) -> list[SuiteTask]:
    return [TASKS[i % 2] for i in range(count)]


def learner(kind: Any, settings: Any, model: Path, skills: Mapping[str, Skill]) -> Any:
    return kind(*load(str(model), fast=False), settings, both, skills)

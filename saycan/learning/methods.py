"""From the config of ``saycan.train_planner`` to a trainer: which ways of learning there are, and what each is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from saycan.build import load_scorer
from saycan.language.weights import AUTO, load
from saycan.learning import grpo, imitate, implicit, inverse, judges
from saycan.learning.judges import Judge
from saycan.learning.lora import quicker_dtype, worth_compiling
from saycan.learning.trainer import Settings, Trainer

METHODS: dict[str, tuple[type[Settings], Callable[..., Trainer]]] = {
    "imitate": (imitate.Settings, imitate.Imitation),
    "implicit": (implicit.Settings, implicit.Implicit),
    "inverse": (inverse.Settings, inverse.Inverse),
    "grpo": (grpo.Settings, grpo.Grpo),
}


def build(config: Any) -> Trainer:
    """The trainer of a config, with its model loaded, at its start.

    :raises InputError: if a model or an adapter cannot be had.
    """
    kind, make = METHODS[config.method]
    given = {field.name: config[field.name] for field in fields(kind)}
    if "compile" in given:
        given["compile"] = worth_compiling(config.minutes) if config.compile == AUTO else config.compile == "always"
    settings = kind(**{**given, "start": None if config.start == "none" else config.start})
    extra = {"judge": build_judge(config)} if "judge" in config else {}
    dtype = quicker_dtype() if config.dtype == AUTO else config.dtype
    return make(*load(config.llm.model, dtype, fast=False), settings, **extra)


def build_judge(config: Any) -> Judge:
    """Who judges episodes."""
    if config.judge == "llm":
        return judges.Reader(load_scorer(config.judge_llm))
    return judges.rubric if config.judge == "rubric" else judges.truth

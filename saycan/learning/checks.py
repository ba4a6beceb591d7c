"""Whether a config of ``saycan.train_planner`` makes sense; quick, so that a mistake is told before anything is loaded."""

from __future__ import annotations

from typing import Any

from saycan.language.weights import AUTO, DTYPES
from sim.cli import InputError

_POSITIVE = (
    *("minutes", "rank", "scale", "learning_rate", "scenes", "tasks", "epochs", "tau", "sharpness", "done"),
    *("discriminator_rate", "discriminator_epochs"),
)
_NOT_NEGATIVE = ("seed", "beta", "strength", "price", "sure", "alone", "english")
_SHARES = ("clip", "keep", "prefer", "blend", "done")
_CHOICES = {
    "dtype": (AUTO, *DTYPES),
    "world": ("rehearsed", "imagined", "simulated"),
    "compile": (AUTO, "always", "never"),
    "judge": ("truth", "rubric", "llm"),
}


def check(config: Any) -> None:
    """Raise an InputError where a value makes no sense. Each method has some of the settings only."""
    check_model(config.llm)
    if config.resume and not config.out:
        raise InputError("resume=true needs the folder of the training that was stopped: out=DIR")
    if config.blend and config.start == "none":
        raise InputError("blend= needs something to blend with: start=planner or start=FILE")
    for key in (k for k in _POSITIVE if k in config and not config[k] > 0):
        raise InputError(f"{key} must be more than 0, not {config[key]}")
    for key in (k for k in _NOT_NEGATIVE if k in config and not config[k] >= 0):
        raise InputError(f"{key} must be 0 or more, not {config[key]}")
    for key in (k for k in _SHARES if k in config and not 0 <= config[k] <= 1):
        raise InputError(f"{key} must be from 0 to 1, not {config[key]}")
    for key in (k for k, known in _CHOICES.items() if k in config and config[k] not in known):
        raise InputError(f"{key} must be one of {', '.join(_CHOICES[key])}, not '{config[key]}'")
    if "group" in config and config.group < 2:
        raise InputError(f"group must be 2 or more, not {config.group}: episodes are compared with one another")


def check_model(llm: Any) -> None:
    """Raise an InputError if a language model of a config cannot be trained here."""
    if llm.kind != "transformers":
        raise InputError(
            "only a model that runs here can be trained: llm=smollm2, or llm=transformers llm.model=... (a Hugging Face id, a folder, a .gguf file)"
        )
    if llm.model is None:
        raise InputError("which language model? Set llm.model to a Hugging Face id, a folder or a .gguf file")
    if llm.adapter is not None:
        raise InputError("a training goes on from an adapter with start=, not llm.adapter=")

"""World models by their names: two that need no training, what is installed, or a file."""

from __future__ import annotations

from functools import cache
from typing import Any

from saycan.language.adapter import path_of
from saycan.language.weights import EMBEDDED
from saycan.world_model.base import WorldModel
from saycan.world_model.baselines import CopyLastState, FactsMLP
from skills import checkpoint

KINDS = ("language", "mlp")
COPY, UNTRAINED = "copy", "language"
_REMEDY = "python -m saycan.train_world_model"


def load(name: str, llm: str = EMBEDDED) -> WorldModel:
    """A world model that can be asked.

    :param name: "copy": nothing ever changes; "language": the language model as it comes; "world_model": what is installed in
        ``assets/``; or a file that ``saycan.train_world_model`` wrote.
    :raises CheckpointError: if a file is missing, damaged or of another kind.
    """
    kind = kind_of(name)
    if kind == COPY:
        return CopyLastState()
    if kind == "mlp":
        return _mlp(name)
    return _language(llm, None if name == UNTRAINED else name)


def kind_of(name: str) -> str:
    """Of what kind a world model is: "copy", or one of ``KINDS``.

    :raises CheckpointError: if there is none of that name.
    """
    if name in (COPY, UNTRAINED):
        return name
    kind = record_of(name).get("kind")
    if kind not in KINDS:
        raise checkpoint.CheckpointError(f"{path_of(name)} is no world model; train one with `{_REMEDY}`")
    return str(kind)


@cache
def load_once(name: str) -> WorldModel:
    """The same, once in a process: on the language model that it was trained with, whichever the planner has; "language": the embedded one."""
    return load(name, model_of(name, EMBEDDED))


def model_of(name: str, otherwise: str) -> str:
    """The language model that a world model was trained with; of none that was trained: another."""
    return str(record_of(name).get("model", otherwise))


def fresh(kind: str, rank: int = 16, scale: float = 2.0, seed: int = 0, llm: str = EMBEDDED) -> WorldModel:
    """A world model that can learn and has learned nothing yet; "copy" never will.

    :param kind: "language", "mlp" or "copy".
    """
    if kind == COPY:
        return CopyLastState()
    if kind == "mlp":
        return FactsMLP(seed)
    from saycan.language import weights
    from saycan.learning.lora import quicker_dtype

    parts = weights.load(llm, quicker_dtype(), fast=False)
    from saycan.world_model.language import LanguageWorldModel

    return LanguageWorldModel(*parts, rank, scale, seed)


def record_of(name: str) -> dict[str, Any]:
    """How a world model came to be; nothing of one that was not trained."""
    return {} if name in (COPY, UNTRAINED) else checkpoint.read(path_of(name), _REMEDY)[1]


def _mlp(name: str) -> WorldModel:
    model, (tensors, _) = FactsMLP(), checkpoint.read(path_of(name), _REMEDY)
    for key, weight in model.learned.items():
        if key not in tensors or tensors[key].shape != weight.shape:
            raise checkpoint.CheckpointError(
                f"{path_of(name)} is of another version; train it again with `{_REMEDY} kind=mlp`"
            )
        weight.data.copy_(tensors[key])
    return model


def _language(llm: str, adapter: str | None = None) -> WorldModel:
    from saycan.language import weights

    parts = weights.load(llm, "float32", adapter)
    from saycan.world_model.language import (
        LanguageWorldModel,
    )  # after load, which imports transformers in a quicker way

    return LanguageWorldModel(*parts)

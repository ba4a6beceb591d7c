"""What a language model has learned besides, as a low-rank change of its linear layers (LoRA, Hu et al. 2021): W + scale * B A.

On disk: safetensors with ``{layer}.A`` of shape (rank, in) and ``{layer}.B`` of shape (out, rank), float16, and a JSON record.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from saycan.language.weights import ModelError
from sim.paths import ASSETS
from skills import checkpoint

PLANNER, WORLD_MODEL = "planner", "world_model"
INSTALLED = ASSETS / "planner" / "planner.safetensors"
INSTALLED_WORLD_MODEL = ASSETS / "world_model" / "world_model.safetensors"
_SHIPPED = {PLANNER: INSTALLED, WORLD_MODEL: INSTALLED_WORLD_MODEL}
_REMEDY = "python -m saycan.train_planner` or `python -m saycan.train_world_model"


def path_of(adapter: str) -> Path:
    """Where an adapter is: "planner" and "world_model" are those in ``assets/``, anything else is a path."""
    return _SHIPPED.get(adapter, Path(adapter).expanduser())


@torch.no_grad()
def merge(model: Any, adapter: str) -> dict[str, Any]:
    """Change a model's weights as an adapter says.

    :return: the adapter's record.
    :raises ModelError: if the adapter is not for this model. A CheckpointError if it cannot be read.
    """
    tensors, record = checkpoint.read(path_of(adapter), _REMEDY)
    scale = _scale_of(record, adapter)
    layers = {name.removesuffix(".A") for name in tensors if name.endswith(".A")}
    modules = dict(model.named_modules())
    for layer in sorted(layers):
        a, b = tensors[f"{layer}.A"].float(), tensors[f"{layer}.B"].float()
        weight = getattr(modules.get(layer), "weight", None)
        if weight is None or weight.shape != (b.shape[0], a.shape[1]):
            raise ModelError(
                f"the adapter '{adapter}' was trained for {record.get('model', 'another model')}, not for this one; choose that with "
                f"llm.model=, or leave the adapter out (planner=base)"
            )
        weight.data = (weight.float() + scale * (b @ a)).to(weight.dtype)
    return record


@torch.no_grad()
def read_into(learned: Mapping[str, torch.Tensor], adapter: str, scale: float) -> None:
    """Set A and B of a model in training to those of an adapter, which may have another scale.

    :param learned: as ``low_rank_parts`` gives them.
    :raises ModelError: if the adapter is not for this model, or of another rank. A CheckpointError if it cannot be read.
    """
    tensors, record = checkpoint.read(path_of(adapter), _REMEDY)
    if {name: t.shape for name, t in tensors.items()} != {name: weight.shape for name, weight in learned.items()}:
        raise ModelError(
            f"start={adapter} is of rank {record.get('rank')} and for {record.get('model', 'another model')}; choose that with rank= and "
            f"llm.model=, or begin with the model as it comes (start=none)"
        )
    for name, weight in learned.items():
        factor = _scale_of(record, adapter) / scale if name.endswith(".B") else 1.0
        weight.copy_(tensors[name].float() * factor)


@torch.no_grad()
def add_up(base: str, weights: Mapping[str, float]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Base + sum of weight * (adapter - base), of A and B each on their own ("task arithmetic", Ilharco et al. 2023, arXiv 2212.04089).

    A and B of trainings that went on from one adapter change little, so that the sum of their products is nearly the product of their sums.

    :param weights: adapters that went on from ``base``, and how much of what they changed is taken.
    :return: tensors in float16, and their record.
    :raises ModelError: if one of them is of another model, rank or scale. A CheckpointError if one cannot be read.
    """
    start, record = checkpoint.read(path_of(base), _REMEDY)
    scale = _scale_of(record, base)
    total = {name: tensor.float() for name, tensor in start.items()}
    for adapter, weight in weights.items():
        tensors, theirs = checkpoint.read(path_of(adapter), _REMEDY)
        alike = {n: t.shape for n, t in tensors.items()} == {n: t.shape for n, t in start.items()}
        if not alike or _scale_of(theirs, adapter) != scale or theirs.get("model") != record.get("model"):
            raise ModelError(
                f"the adapter '{adapter}' did not go on from '{base}': its model, rank or scale is another"
            )
        for name, tensor in tensors.items():
            total[name] += weight * (tensor.float() - start[name].float())
    kept: dict[str, Any] = {key: record[key] for key in ("model", "scale", "rank") if key in record}
    return {n: t.half() for n, t in total.items()}, {**kept, "base": base, "weights": dict(weights)}


def _scale_of(record: Mapping[str, Any], adapter: str) -> float:
    if "scale" not in record:
        raise ModelError(f"{path_of(adapter)} does not say its scale, so it is no adapter of `{_REMEDY}`")
    return float(record["scale"])


def low_rank_parts(model: Any) -> dict[str, torch.Tensor]:
    """The A and B of each layer of a model that ``peft`` has made trainable, under the plain model's names, float32."""
    found: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if hasattr(module, "lora_A") and "default" in module.lora_A:
            plain = name.removeprefix("base_model.model.")
            found[f"{plain}.A"] = module.lora_A["default"].weight
            found[f"{plain}.B"] = module.lora_B["default"].weight
    return found

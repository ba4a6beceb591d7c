"""What everything shares that trains a language model by low-rank changes: the model for it, its arithmetic, and its state on disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from skills import checkpoint

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what Adam remembers of a weight
_SHAPE = (512, 576, 1536)  # rows, columns in, columns out: about what a layer of a small model multiplies


@cache
def quicker_dtype() -> str:
    """ "bfloat16" where this machine multiplies matrices quicker in it, as processors with instructions for it do; else "float32"."""
    took = {dtype: _seconds(dtype) for dtype in (torch.float32, torch.bfloat16)}
    return str(min(took, key=took.__getitem__)).removeprefix("torch.")


def _seconds(dtype: torch.dtype, tries: int = 5) -> float:
    """Of one multiplication, the quickest of some; the first of all is not counted, as libraries get ready in it."""
    rows, before, after = _SHAPE
    x, weight, took = torch.ones(rows, before, dtype=dtype), torch.ones(after, before, dtype=dtype), []
    for _ in range(tries + 1):
        began = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        took.append(time.perf_counter() - began)
    return min(took[1:])


def autocast(model: Any) -> torch.autocast:
    """Arithmetic in bfloat16 where the model's own weights are."""
    return torch.autocast("cpu", torch.bfloat16, enabled=model.dtype == torch.bfloat16)


_WORTH = 20.0  # minutes of training from which the two that compiling takes are soon got back


def worth_compiling(minutes: float) -> bool:
    """Whether a training of that length gains by ``compiled``: it is long, and there is a C++ compiler."""
    return minutes >= _WORTH and shutil.which(os.environ.get("CXX", "g++")) is not None


def compiled(model: Any) -> None:
    """Have each layer of a model compiled when it is first used (torch.compile): one kernel for what are dozens in LoRA, norms and attention.

    What cannot be compiled is done as before.
    """
    import torch._dynamo

    torch._dynamo.config.suppress_errors = True
    torch._dynamo.config.recompile_limit = 32  # with and without: gradients, adapter, mask, several rows
    for layer in model.model.layers:
        layer.compile(dynamic=True)


def hide(seen: torch.Tensor, model: Any) -> torch.Tensor:
    """An attention mask as the model adds it, from what each token may see (bool, any shape)."""
    mask = torch.zeros(seen.shape, dtype=model.dtype)
    return mask.masked_fill_(~seen, torch.finfo(mask.dtype).min)


def with_lora(model: Any, rank: int, scale: float, seed: int) -> Any:
    """The model with A and B beside each linear layer; A and B alone are trained. The model itself is changed."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    model.set_attn_implementation("eager")  # with a mask of its own for each row, quicker here than the fused kernel
    alpha: Any = scale * rank  # peft takes any number, though it asks for a whole one
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    trained = get_peft_model(model, config)
    for module in trained.modules():
        if hasattr(module, "cast_input_dtype_enabled"):  # autocast does it, without a detour over float32
            module.__dict__["cast_input_dtype_enabled"] = False
    return trained.train()


def training_state(learned: Mapping[str, torch.Tensor], optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """What is learned and the optimiser's memory of it, as tensors to be saved."""
    tensors = {f"learned.{name}": weight for name, weight in learned.items()}
    for name, weight in learned.items():
        tensors |= {f"{key}.{name}": value for key, value in optimiser.state.get(weight, {}).items()}
    return tensors


def restore_training_state(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    learned: Mapping[str, torch.Tensor],
    optimiser: torch.optim.Optimizer,
) -> None:
    """Set both to what was saved.

    :param path: where the tensors come from, for the message.
    :raises CheckpointError: if they are of another training.
    """
    for name, weight in learned.items():
        if f"learned.{name}" not in tensors or tensors[f"learned.{name}"].shape != weight.shape:
            raise checkpoint.CheckpointError(
                f"{path} is of a training with other settings; start anew, in another folder"
            )
    for name, weight in learned.items():
        weight.data.copy_(tensors[f"learned.{name}"])
        found = {key: tensors[f"{key}.{name}"] for key in _MOMENTS if f"{key}.{name}" in tensors}
        if found:
            optimiser.state[weight] = found

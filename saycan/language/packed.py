"""A model's linear layers with weights laid out for oneDNN.

PyTorch multiplies float32 matrices with MKL, which on some processors (AMD's) leaves the wide vector units unused; oneDNN does not,
and is more than twice as fast there. Numbers differ by rounding only.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_ROWS = 256  # the layout is chosen for about so many rows at once; other numbers work too


class PackedLinear(nn.Module):
    """``nn.Linear`` for inference on the CPU. The weight is no parameter any more: it cannot be trained or saved.

    It is packed on first use: that is as quick as it would be before, and a model that is only loaded does not wait for it.
    """

    def __init__(self, linear: nn.Linear):
        super().__init__()
        self._plain: torch.Tensor | None = linear.weight.detach()
        self._packed: Any = None
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same as ``nn.Linear``: shape (..., in) to (..., out)."""
        if self._plain is not None:
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self._plain, _ROWS)
            self._plain = None  # not twice in memory
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self._bias, "none", [], "")


def can_pack(dtype: torch.dtype) -> bool:
    """Whether packing is possible here, and of use (bfloat16 goes to oneDNN anyhow)."""
    if dtype != torch.float32 or not torch.backends.mkldnn.is_available():
        return False
    return all(hasattr(torch.ops.mkldnn, name) for name in ("_reorder_linear_weight", "_linear_pointwise"))


def pack(model: Any) -> Any:
    """Replace every linear layer of a float32 model on the CPU, where that is possible; the model itself is changed."""
    if not can_pack(model.dtype):
        return model
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Linear:
                setattr(module, name, PackedLinear(child))
    return model

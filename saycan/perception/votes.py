"""Every pixel says whose it is by pointing at its thing's centre: the network behind ``saycan.perception.proposals``.

A small U-Net reads colour and the place of each pixel's surface, and tells for each pixel whether it shows a thing, where that
thing's centre is from there, how large the thing is, how it is turned and whether it is round. After VoteNet (Qi et al., ICCV 2019,
arXiv:1904.09664) and UOIS-Net (Xie et al., CoRL 2019, arXiv:1907.13236). It knows nothing of names: what a thing is, open_clip says.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from skills import checkpoint

STEP = 2  # the network reads every other row and column
CLASSES = 3  # table and beyond, arm, thing
OUTPUTS = CLASSES + 3 + 3 + 2 + 2 + 1  # classes, centre, half sides, yaw of what is long, yaw of what is square, round
CENTRE_UNIT, HALF_UNIT = 0.1, 0.05  # metres
SQUARE = 1.15  # ratio of two sides up to which a thing looks the same after a quarter turn


class VoteNet(nn.Module):
    """(B, 10, h, w) features -> (B, OUTPUTS, h, w); h and w are multiples of 4 or padded by the caller.

    :param width: channels at half of the resolution; deeper ones have more.
    """

    def __init__(self, width: int = 32):
        super().__init__()
        widths = [width, 2 * width, 3 * width, 4 * width]
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), _conv(40, width), _conv(width, width))
        self.down = nn.ModuleList(nn.Sequential(_conv(a, b, 2), _conv(b, b)) for a, b in itertools.pairwise(widths))
        self.narrow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(widths))
        self.up = nn.ModuleList(_conv(a, a) for a in widths[:-1])
        self.head = nn.Sequential(nn.Conv2d(width, 2 * width, 1), nn.ReLU(), nn.Conv2d(2 * width, 4 * OUTPUTS, 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """What each pixel says."""
        levels = [self.stem(features)]
        for down in self.down:
            levels.append(down(levels[-1]))
        x = levels.pop()
        for narrow, up in zip(reversed(self.narrow), reversed(self.up), strict=True):
            skip = levels.pop()
            x = up(skip + functional.interpolate(narrow(x), skip.shape[-2:]))
        return functional.pixel_shuffle(self.head(x), 2)


def _conv(into: int, out: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(into, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU())


def features(rgb: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
    """What the network reads: colour, place, and place relative to what is round it (its shape, to the millimetre).

    :param rgb: uint8, shape (B, h, w, 3).
    :param points: robot frame, metres, shape (B, h, w, 3); NaN where there is no depth.
    :return: shape (B, 10, h, w).
    """
    known = torch.isfinite(points).all(-1, keepdim=True).float().movedim(-1, 1)
    place = torch.nan_to_num(points, 0.0, 0.0, 0.0).movedim(-1, 1) * known
    place = place.clamp(-1.5, 1.5)
    mean = _blurred(place) / _blurred(known).clamp(min=0.01)
    detail = ((place - mean) * 30).clamp(-3, 3) * known
    centred = place - place.new_tensor([0.55, 0.0, 0.0])[:, None, None] * known
    coarse = (centred * place.new_tensor([3.0, 3.0, 8.0])[:, None, None]).clamp(-3, 3)
    return torch.cat([rgb.movedim(-1, 1) / 255 - 0.5, coarse, detail, known], 1)


def _blurred(x: torch.Tensor, side: int = 15) -> torch.Tensor:
    """The mean over a square, along rows and then along columns; beyond the edges are zeros."""
    across = functional.avg_pool2d(x, (1, side), 1, (0, side // 2))
    return functional.avg_pool2d(across, (side, 1), 1, (side // 2, 0))


def to_tensors(network: VoteNet) -> dict[str, torch.Tensor]:
    """A network's weights as they are kept, in half precision."""
    return {name: tensor.half() for name, tensor in network.state_dict().items()}


def load(path: Path) -> VoteNet:
    """A trained network.

    :raises checkpoint.CheckpointError: if the file is missing, damaged or another network's.
    """
    remedy = "python -m saycan.train_perception install=true"
    tensors, _ = checkpoint.read(path, remedy)
    network = VoteNet()
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise checkpoint.CheckpointError(f"{path} holds another network; train this one with `{remedy}`") from None
    return network.eval().to(memory_format=torch.channels_last)

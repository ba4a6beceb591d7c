"""Object proposals: every pixel says whose it is by pointing at its thing's centre; votes that agree are a thing.

A small U-Net reads colour and the place of each pixel's surface, and tells for each pixel whether it shows a thing, where that
thing's centre is from there, how large the thing is, how it is turned and whether it is round. After VoteNet (Qi et al., ICCV 2019,
arXiv:1904.09664) and UOIS-Net (Xie et al., CoRL 2019, arXiv:1907.13236). It knows nothing of names: what a thing is, open_clip says.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.cluster import DBSCAN
from torch import nn
from torch.nn import functional

from saycan.perception.rig import Shot
from sim.geometry import Box
from skills import checkpoint

STEP = 2  # the network reads every other row and column
CLASSES = 3  # table and beyond, arm, thing
OUTPUTS = CLASSES + 3 + 3 + 2 + 2 + 1  # classes, centre, half sides, yaw of what is long, yaw of what is square, round
CENTRE_UNIT, HALF_UNIT = 0.1, 0.05  # metres
SQUARE = 1.15  # ratio of two sides up to which a thing looks the same after a quarter turn
_MOST = 5000  # votes that are clustered; of more, a random choice
_EPS = 0.012  # metres between votes that agree
_NEIGHBOURS = 5
_LEAST = 10  # pixels that make a thing
_ALIKE, _EDGE = 0.55, 0.008  # ratio of sizes, and metres, up to which something on a thing is a part of it


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


@dataclass(frozen=True)
class Proposal:
    """Something that is there.

    :param box: where it is.
    :param masks: which pixels show it, for each picture; bool, at the network's resolution, shape (h, w).
    :param spread: root mean square distance of its votes, metres: how well they agree.
    """

    box: Box
    masks: tuple[np.ndarray, ...]
    spread: float

    @property
    def pixels(self) -> int:
        """How many pixels show it, in all pictures."""
        return int(sum(mask.sum() for mask in self.masks))


def propose(network: VoteNet, shots: Sequence[Shot], rng: np.random.Generator) -> list[Proposal]:
    """What is there, by what all pictures together say. Largest first."""
    rgb = np.stack([shot.picture.rgb[::STEP, ::STEP] for shot in shots])
    points = np.stack([shot.camera.points(shot.picture.depth[::STEP, ::STEP], STEP) for shot in shots])
    with torch.inference_mode():
        said = network(features(torch.from_numpy(rgb), torch.from_numpy(points))).float().movedim(1, -1).numpy()
    return group(said, points, rng)


def group(said: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> list[Proposal]:
    """Gather the votes of all pictures.

    :param said: what the network says, shape (V, h, w, OUTPUTS).
    :param points: robot frame, metres, shape (V, h, w, 3).
    """
    thing = (said[..., :CLASSES].argmax(-1) == CLASSES - 1) & np.isfinite(points).all(-1)
    where = np.argwhere(thing)
    if len(where) < _LEAST:
        return []
    votes = said[thing][:, CLASSES:]
    centres = points[thing] + votes[:, :3] * CENTRE_UNIT
    halves = np.abs(votes[:, 3:6]) * HALF_UNIT
    place = np.concatenate([centres, halves], 1)
    labels = _cluster(place, rng)
    clusters = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    clusters = _gathered([c for c in clusters if len(c) >= _LEAST], place, votes, points[thing])
    return [_proposal(c, where, thing.shape, place, votes) for c in clusters]


def _gathered(clusters: list[np.ndarray], place: np.ndarray, votes: np.ndarray, points: np.ndarray) -> list[np.ndarray]:
    """Clusters, largest first. A small one that lies on a large one and says it is about as large is a part of that: at a thing's
    edges votes waver."""
    kept: list[np.ndarray] = []
    for cluster in sorted(clusters, key=len, reverse=True):
        long = float(np.median(place[cluster, 3]))
        for number, other in enumerate(kept):
            box = _box(place[other], votes[other])
            if _ALIKE < long / box.half[0] < 1 / _ALIKE and _lies_in(points[cluster], box):
                kept[number] = np.concatenate([other, cluster])
                break
        else:
            kept.append(cluster)
    return kept


def _lies_in(points: np.ndarray, box: Box) -> bool:
    """Whether the middle of some points lies in a box, or almost."""
    x, y, z = np.median(points, 0)
    return box.covers(np.array([x, y]), -_EDGE) and box.bottom - _EDGE < z < box.top + _EDGE


def _proposal(
    cluster: np.ndarray, where: np.ndarray, shape: tuple[int, ...], place: np.ndarray, votes: np.ndarray
) -> Proposal:
    masks = np.zeros(shape, bool)
    masks[tuple(where[cluster].T)] = True
    centres = place[cluster, :3]
    spread = float(np.sqrt(((centres - np.median(centres, 0)) ** 2).sum(1).mean()))
    return Proposal(_box(place[cluster], votes[cluster]), tuple(masks), spread)


def _cluster(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A label for each vote, -1 for those that agree with no others; what was left out joins the nearest that was not."""
    some = rng.choice(len(place), _MOST, replace=False) if len(place) > _MOST else np.arange(len(place))
    labels = DBSCAN(eps=_EPS, min_samples=_NEIGHBOURS).fit_predict(place[some])
    if len(some) == len(place) or labels.max() < 0:
        whole = np.full(len(place), -1)
        whole[some] = labels
        return whole
    middles = np.stack([np.median(place[some][labels == label], 0) for label in range(labels.max() + 1)])
    distance = np.linalg.norm(place[:, None] - middles[None], axis=-1)
    whole = np.where(distance.min(1) < 3 * _EPS, distance.argmin(1), -1)
    whole[some] = labels
    return whole


def _box(place: np.ndarray, votes: np.ndarray) -> Box:
    """The box that votes agree on."""
    x, y, z, long, short, up = (float(v) for v in np.median(place, 0))
    if float(np.median(votes[:, 10])) > 0:
        radius = (long + short) / 2
        return Box(np.array([x, y, z]), 0.0, np.array([radius, radius, up]), True)
    if long > SQUARE * short:
        c, s = votes[:, 6:8].mean(0)
        yaw = math.atan2(s, c) / 2
    else:
        c, s = votes[:, 8:10].mean(0)
        yaw = math.atan2(s, c) / 4
    return Box(np.array([x, y, z]), yaw, np.array([long, short, up]))

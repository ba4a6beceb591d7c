"""Training of the network that proposes things (``saycan.perception.votes``), on labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch.nn import functional

from saycan.perception.album import Page
from saycan.perception.schedule import rate
from saycan.perception.votes import CENTRE_UNIT, CLASSES, HALF_UNIT, SQUARE, VoteNet, features

BATCH, SIDE = 24, 96  # crops, and their pixels a side: whole pictures are mostly table
_NEAR = 0.004  # metres between things that touch, or almost


def train_votes(
    pages: Sequence[Page],
    time: Iterable[float],
    seed: int,
    progress: Callable[[float, float], None] = lambda share, loss: None,
    lr: float = 2e-3,
    width: int = 32,
    given: VoteNet | None = None,
) -> VoteNet:
    """Train a network.

    :param time: the share of the training that is done, before each step (``schedule.shares``).
    :param given: a trained network to go on from, with ``lr`` anew.
    :param progress: told the share of the time that has gone, and the mean loss of late.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = (given or VoteNet(width)).train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr, weight_decay=1e-3)
    late = 0.0
    for share in time:
        optimiser.param_groups[0]["lr"] = lr * rate(share, 0.02)
        rgb, points, target, weight = batch([pages[i] for i in rng.integers(len(pages), size=BATCH)], rng)
        read = features(rgb, points).to(memory_format=torch.channels_last)
        value = loss(network(read), target, weight)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        late = 0.97 * late + 0.03 * value.item() if late else value.item()
        progress(share, late)
    return network.eval()


def batch(
    pages: Sequence[Page], rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Windows of pictures round a thing, half of them mirrored left to right (the world with them), and what should be said of them.

    :return: rgb uint8 (B, h, w, 3), points (B, h, w, 3), target (B, 14, h, w) as of ``_target``, weight of each pixel (B, h, w).
    """
    parts = []
    for page in pages:
        rows, columns = _window(page, rng)
        points, owner = page.points(rows, columns), page.owner[rows, columns]
        target, weight = _target(page.boxes, owner, points)
        part = (_shaded(page.rgb[rows, columns], rng), points, target, weight)
        if rng.random() < 0.5:
            part = _mirror(*part)
        parts.append((part[0], _noisy(part[1], rng), *part[2:]))
    colour, place, said, heavy = (torch.from_numpy(np.stack(each)) for each in zip(*parts, strict=True))
    return colour, place, said.movedim(-1, 1), heavy


def _window(page: Page, rng: np.random.Generator) -> tuple[slice, slice]:
    """A square somewhere round a pixel of a random thing, more often one of which little is seen or that is in, on or against
    another; now and then anywhere."""
    h, w = page.owner.shape
    seen, pixels = np.unique(page.owner[page.owner >= 0], return_counts=True)
    row, column = int(rng.integers(h)), int(rng.integers(w))
    if len(seen) and rng.random() < 0.85:
        weights = (1 + 2 * _crowded(page.boxes)[seen]) / np.sqrt(pixels)
        where = np.argwhere(page.owner == rng.choice(seen, p=weights / weights.sum()))
        row, column = where[int(rng.integers(len(where)))] + rng.integers(-24, 25, 2)
    top, left = int(np.clip(row - SIDE // 2, 0, h - SIDE)), int(np.clip(column - SIDE // 2, 0, w - SIDE))
    return slice(top, top + SIDE), slice(left, left + SIDE)


def _crowded(boxes: np.ndarray) -> np.ndarray:
    """Which things are in, on or against another one, bool, shape (N,): upright boxes round them come within ``_NEAR``."""
    middle, half = boxes[:, :3], boxes[:, 3:6].copy()
    half[:, :2] = np.minimum(half[:, :2].max(1, keepdims=True), 1.2 * half[:, :2])  # turned at random
    gap = np.abs(middle[:, None] - middle) - half[:, None] - half
    return ((gap < _NEAR).all(-1) & ~np.eye(len(boxes), dtype=bool)).any(1)


def loss(said: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of the class, and where there is a thing the error of what is said of it (Huber)."""
    owner = functional.cross_entropy(said[:, :CLASSES], target[:, 0].long())
    what, true = said[:, CLASSES:], target[:, 1:]
    error = functional.smooth_l1_loss(what[:, :3], true[:, :3], reduction="none", beta=0.05).sum(1)
    error = error + functional.smooth_l1_loss(what[:, 3:6], true[:, 3:6], reduction="none", beta=0.05).sum(1)
    turned = functional.smooth_l1_loss(what[:, 6:10], true[:, 6:10], reduction="none", beta=0.1)
    error = error + 0.3 * (turned * true[:, 11:].repeat_interleave(2, 1)).sum(1)
    error = error + 0.1 * functional.binary_cross_entropy_with_logits(what[:, 10], true[:, 10], reduction="none")
    return owner + (error * weight).sum() / weight.sum().clamp(min=1e-6)


def _target(boxes: np.ndarray, owner: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel: class, centre from here (3), half sides (3), cos and sin of twice and of four times the yaw, round, and which
    of the two yaws counts (2); and how much the pixel weighs: a small thing's pixels more than a large one's."""
    h, w = owner.shape
    target, weight = np.zeros((h, w, 14), np.float32), np.zeros((h, w), np.float32)
    target[..., 0] = np.where(owner == -2, 1, np.where(owner >= 0, 2, 0))
    for number, (x, y, z, a, b, up, yaw, is_round) in enumerate(boxes):
        mine = owner == number
        if not (count := mine.sum()):
            continue
        long, short, yaw = (a, b, yaw) if a >= b else (b, a, yaw + np.pi / 2)
        target[mine, 1:4] = (np.array([x, y, z]) - points[mine]) / CENTRE_UNIT
        target[mine, 4:7] = np.array([long, short, up]) / HALF_UNIT
        target[mine, 7:12] = [np.cos(2 * yaw), np.sin(2 * yaw), np.cos(4 * yaw), np.sin(4 * yaw), is_round]
        target[mine, 12:14] = [not is_round and long > SQUARE * short, not is_round]
        weight[mine] = 1 / np.sqrt(count)
    return target, weight


def _mirror(
    colour: np.ndarray, place: np.ndarray, target: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    place, target = place[:, ::-1].copy(), target[:, ::-1].copy()
    place[..., 1] *= -1
    target[..., [2, 8, 10]] *= -1
    return colour[:, ::-1].copy(), place, target, weight[:, ::-1].copy()


def _shaded(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    bright = rgb * rng.uniform(0.8, 1.15, 3) + rng.uniform(-12, 12)
    return np.clip(bright, 0, 255).astype(np.uint8)


def _noisy(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the pictures with the noise of a depth camera, and a hole now and then."""
    if rng.random() < 0.5:
        points = points + rng.normal(0, rng.uniform(0, 0.0015), points.shape).astype(np.float32)
    if rng.random() < 0.2:
        row, column = rng.integers(0, points.shape[0]), rng.integers(0, points.shape[1])
        points = points.copy()
        points[row : row + 12, column : column + 12] = np.nan
    return points

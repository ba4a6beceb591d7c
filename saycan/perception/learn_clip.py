"""Contrastive training of a small open_clip model on crops of rendered things (CLIP: Radford et al., 2021, arXiv:2103.00020).

Many crops of a batch fit many captions, so each row and column of the similarity matrix is pulled towards all that fit, evenly (UniCL:
Yang et al., CVPR 2022, arXiv:2204.03610). Things are also shown in colours that they never have ("a green sponge"): that colour and
kind are two matters is what lets the model name pairs that it has never seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from saycan.perception.album import Page
from saycan.perception.phrases import (
    Look,
    caption,
    comes_in_colours,
    fits,
    kinds,
    look_of,
    natural_colour,
    recolourable,
)
from saycan.perception.schedule import rate
from sim.objects import catalogue, colours

BATCH = 96
_RECOLOURED = 0.35  # share of the crops of kinds with a colour of their own


def crops_by_kind(pages: Sequence[Page]) -> dict[str, list[tuple[np.ndarray, str]]]:
    """Crops with the names of what they show, by kind."""
    found: dict[str, list[tuple[np.ndarray, str]]] = {kind: [] for kind in kinds()}
    for page in pages:
        for image, number in zip(page.crops, page.cropped, strict=True):
            name = page.names[number]
            found[kinds()[look_of(name).kind]].append((image, name))
    return {kind: crops for kind, crops in found.items() if crops}


def train_clip(
    model: Any,
    tokenizer: Any,
    pages: Sequence[Page],
    time: Iterable[float],
    seed: int,
    progress: Callable[[float, float], None] = lambda share, loss: None,
    lr: float = 1.5e-3,
) -> None:
    """Train an open_clip model.

    :param time: the share of the training that is done, before each step (``schedule.shares``).
    :param progress: told that share, and the mean loss of late.
    """
    torch.manual_seed(seed)
    rng, crops = np.random.default_rng(seed), crops_by_kind(pages)
    optimiser = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.05)
    model.train()
    late = 0.0
    for share in time:
        optimiser.param_groups[0]["lr"] = lr * rate(share, 0.03)
        images, looks = draw(crops, rng)
        texts, said = zip(*(caption(look, rng) for look in looks), strict=True)
        value = loss(model, images, tokenizer(list(texts)), list(said), looks)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, np.log(100))
        late = 0.95 * late + 0.05 * value.item() if late else value.item()
        progress(share, late)
    model.eval()


def loss(model: Any, images: torch.Tensor, tokens: torch.Tensor, said: list[Look], looks: list[Look]) -> torch.Tensor:
    """Symmetric cross-entropy between similarities and what fits what."""
    seen, read = model.encode_image(images, normalize=True), model.encode_text(tokens, normalize=True)
    plain = np.array([look.kind >= 0 and not comes_in_colours(kinds()[look.kind]) for look in said])
    fit, unknown = (torch.from_numpy(m) for m in fits(said, looks, plain))
    logits = (model.logit_scale.exp() * seen @ read.T).masked_fill(unknown, -50.0)
    return (_pull(logits, fit) + _pull(logits.T, fit.T)) / 2


def _pull(logits: torch.Tensor, fit: torch.Tensor) -> torch.Tensor:
    some = fit.any(1)
    target = fit[some].float()
    return functional.cross_entropy(logits[some], target / target.sum(1, keepdim=True))


def calibrate(model: Any, tokenizer: Any, pages: Sequence[Page]) -> tuple[float, float]:
    """Factor of the similarities under which scores are true: the least cross-entropy on crops that were not learned from.

    :return: the factor, and the share of those crops that are named right.
    """
    from saycan.perception.clip import Matcher, phrases_of

    matcher = Matcher(model, tokenizer, preprocess, phrases_of(None), 1.0)
    crops = [(image, name) for some in crops_by_kind(pages).values() for image, name in some]
    logits = torch.from_numpy(matcher.logits([image for image, _ in crops]))
    truth = torch.tensor([matcher.phrases.index(name) for _, name in crops])
    scales = np.geomspace(2, 200, 60)
    losses = [float(functional.cross_entropy(scale * logits, truth)) for scale in scales]
    return float(scales[int(np.argmin(losses))]), round(float((logits.argmax(1) == truth).double().mean()), 4)


def draw(crops: dict[str, list[tuple[np.ndarray, str]]], rng: np.random.Generator) -> tuple[torch.Tensor, list[Look]]:
    """A batch in which kinds are about equally frequent, those in many colours three times as much."""
    names = list(crops)
    weights = np.array([3.0 if comes_in_colours(kind) else 1.0 for kind in names])
    images, looks = [], []
    for k in rng.choice(len(names), BATCH, p=weights / weights.sum()):
        image, name = crops[names[k]][int(rng.integers(len(crops[names[k]])))]
        look = look_of(name)
        if recolourable(names[k]) and rng.random() < _RECOLOURED:
            others = [c for c in range(len(colours())) if c != natural_colour(names[k])]
            look = Look(look.kind, int(rng.choice(others)))
            image = _recoloured(image, catalogue()[name].colour, look.colour, rng)
        images.append(_varied(image, rng))
        looks.append(look)
    return preprocess(np.stack(images)), looks


def preprocess(images: np.ndarray) -> torch.Tensor:
    """uint8 (B, H, W, 3) -> float (B, 3, H, W), normalised as CLIP's pictures are."""
    from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    pixels = torch.from_numpy(images).movedim(-1, 1).float() / 255
    mean, std = (torch.tensor(v)[:, None, None] for v in (OPENAI_DATASET_MEAN, OPENAI_DATASET_STD))
    return (pixels - mean) / std


def _recoloured(image: np.ndarray, old: tuple[float, ...], colour: int, rng: np.random.Generator) -> np.ndarray:
    """The same thing in another colour: its shading kept. A pair that is held out is never made: no kind here has one."""
    block = next(thing for thing in catalogue().values() if thing.name == f"{colours()[colour]} block")
    new = np.array(block.colour) * rng.uniform(0.85, 1.1) + rng.uniform(-0.04, 0.04, 3)
    painted = (image == image[0, 0]).all(-1, keepdims=True)
    shade = image.astype(float) @ (1 / (3 * np.maximum(np.array(old), 0.15)))
    return np.where(painted, image, np.clip(shade[..., None] * np.clip(new, 0, 1), 0, 255)).astype(np.uint8)


def _varied(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrored, a part hidden, shifted, darker or brighter, with noise."""
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.3:
        image = _half_hidden(image, rng)
    image = np.roll(image, rng.integers(-3, 4, 2), (0, 1))
    bright = image * rng.uniform(0.85, 1.12) + rng.normal(0, rng.uniform(0, 5), image.shape)
    return np.clip(bright, 0, 255).astype(np.uint8)


def _half_hidden(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With what lies on one side of a line painted over, as if something stood before it."""
    rows, columns = np.indices(image.shape[:2]) - image.shape[0] / 2
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(2, 16)
    hidden = np.cos(angle) * columns + np.sin(angle) * rows > offset
    return np.where(hidden[..., None], image[0, 0], image)

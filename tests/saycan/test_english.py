"""Learning to plan without unlearning to speak, on a toy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from saycan.learning.english import OwnTexts
from saycan.learning.imitate import Imitation
from tests.saycan.test_imitation import SETTINGS, trainer, transcripts

pytestmark = pytest.mark.usefixtures("one_thread")


def _after(learner: Imitation, steps: int) -> float:
    """How far the model's English is from what it was, once it has learned."""
    list(zip(range(steps), learner.run(), strict=False))
    own = OwnTexts(learner, texts=8, tokens=24)
    return sum(float(own.divergence(step).detach()) for step in range(4)) / 4


def test_a_model_as_it_came_says_what_it_would_have_said(toy: Path) -> None:
    own = OwnTexts(trainer(toy, transcripts(3)), texts=4, tokens=16)
    assert own.tokens.shape == (4, 16)
    assert float(own.divergence(0).detach()) == pytest.approx(0.0, abs=1e-4)


def test_english_is_kept_where_that_is_asked_for(toy: Path) -> None:
    groups = transcripts(10)
    plain, kept = trainer(toy, groups), trainer(toy, groups, replace(SETTINGS, english=1.0))
    lost, left = _after(plain, 25), _after(kept, 25)
    assert left < 0.6 * lost
    assert float(next(iter(kept.run()))["loss"]) < 2.0  # and it has learned to plan all the same; it began above 4


def test_the_same_texts_are_written_again_after_a_kill(toy: Path) -> None:
    first, second = (OwnTexts(trainer(toy, transcripts(2)), texts=4, tokens=12) for _ in range(2))
    assert torch.equal(first.tokens, second.tokens)

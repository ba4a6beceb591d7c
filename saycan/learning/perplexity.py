"""What learning to plan does to a model's English: perplexity on a text that it never learned from."""

from __future__ import annotations

from typing import Any

import numpy as np

from saycan.language.scorer import TrieScorer
from saycan.learning.lora import autocast
from saycan.learning.trainer import Trainer
from sim.paths import ASSETS

TEXT = ASSETS / "planner" / "held_out.txt"


def perplexity(model: Any, tokenizer: Any) -> float:
    """exp of the mean negative log-likelihood of a token, each paragraph by itself, its first token not counted."""
    scorer = TrieScorer(model, tokenizer)
    paragraphs = [part for part in TEXT.read_text(encoding="utf-8").split("\n\n") if part.strip()]
    with autocast(model):
        log_p = scorer.token_log_probs([scorer.encode(" ".join(part.split())) for part in paragraphs])
    return float(np.exp(-np.nanmean(np.concatenate(log_p))))


def before_and_after(trainer: Trainer) -> dict[str, float]:
    """Perplexity with the adapter switched off, and with it."""
    with trainer.as_it_came() as model:
        before = perplexity(model, trainer.tokenizer)
    return {"perplexity_before": before, "perplexity": perplexity(trainer.plain, trainer.tokenizer)}

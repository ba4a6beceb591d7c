"""Staying the language model that it was: what it wrote before it learned to plan, it should still find as likely as then.

Pseudo-rehearsal (Robins 1995; for networks as "learning without forgetting", Li and Hoiem 2016): the model's own texts stand in for those
that it was trained on, and the loss is the Kullback-Leibler divergence from the model as it came.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from saycan.learning.lora import autocast
from saycan.learning.trainer import Trainer

_TEXTS, _TOKENS = 256, 64
_AT_ONCE = 64
_A_STEP = 2  # texts


class OwnTexts:
    """Texts that a model wrote as it came, each begun with a token at random.

    :param trainer: whose model writes, its adapter switched off, and learns.
    """

    def __init__(self, trainer: Trainer, texts: int = _TEXTS, tokens: int = _TOKENS):
        self._trainer = trainer
        torch.manual_seed(trainer.settings.seed)
        with trainer.as_it_came() as model, torch.inference_mode():
            begin = torch.randint(model.config.vocab_size, (texts, 1))
            length = {"max_new_tokens": tokens - 1, "min_new_tokens": tokens - 1, "pad_token_id": 0}
            written = [model.generate(part, do_sample=True, top_k=0, **length) for part in begin.split(_AT_ONCE)]
        self.tokens = torch.cat(written).clone()
        """Shape (texts, tokens)."""

    def divergence(self, step: int) -> torch.Tensor:
        """Mean KL(as it came || as it is) of the next token, in nats, on a few of the texts, in turn."""
        at = torch.arange(step * _A_STEP, (step + 1) * _A_STEP) % len(self.tokens)
        texts = self.tokens[at]
        with self._trainer.as_it_came() as model, torch.no_grad():
            before = _log_probs(model, texts)
        return functional.kl_div(_log_probs(self._trainer.plain, texts), before, reduction="sum", log_target=True) / (
            math.prod(texts.shape)
        )


def _log_probs(model: torch.nn.Module, texts: torch.Tensor) -> torch.Tensor:
    with autocast(model):
        logits: torch.Tensor = model(input_ids=texts, use_cache=False).logits
    return functional.log_softmax(logits.float(), dim=-1)

"""log p(text | prompt) for many texts at once, by a causal language model of transformers.

All texts go through the model as one trie: a node sees the prompt and its own ancestors, its position is its depth. Prompts stay
in key-value caches; of the next prompt only what differs is read, in the same pass. (Method: docs/how-it-works.md, "Say".)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from saycan.language.trie import Trie, in_chunks

MOST_NODES = 512  # trie nodes in one pass: bounds memory, whatever the number of texts
_VOCABULARY_ROWS = 128  # hidden states turned into logits at a time: the vocabulary is the widest thing in the room
_MOST_READINGS = 4  # prompts kept: the planner asks under two by turns, and the next episode begins like the last
_MOST_ENCODED = 4096  # texts whose tokens are remembered: skills are called the same at every step


@dataclass
class _Reading:
    """What the model has read: tokens, with their keys and values, and log p of the first of them as far as anybody asked."""

    tokens: list[int] = field(default_factory=list)
    cache: DynamicCache = field(default_factory=DynamicCache)
    log_p: list[float] = field(default_factory=list)

    def shares(self, tokens: Sequence[int]) -> int:
        """How many of the first tokens are the same."""
        pairs = enumerate(zip(self.tokens, tokens, strict=False))
        return next((i for i, (a, b) in pairs if a != b), min(len(self.tokens), len(tokens)))

    def cut(self, length: int) -> None:
        """Forget all but the first tokens."""
        extra = int(self.cache.get_seq_length()) - length
        if extra > 0:
            self.cache.crop(-extra)
        self.tokens, self.log_p = self.tokens[:length], self.log_p[:length]

    def copy(self, length: int) -> _Reading:
        """The first tokens, to go on from in another way."""
        copy = _Reading(self.tokens[:length], log_p=self.log_p[:length])
        layers: Any = self.cache.layers if length else []
        for i, layer in enumerate(layers):
            copy.cache.update(layer.keys[:, :, :length], layer.values[:, :, :length], i)
        return copy


class TrieScorer:
    """Scores texts with a causal language model.

    :param model: a causal language model of transformers whose cache can be cut back (full attention).
    :param tokenizer: its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any):
        self.model = model.eval()
        self.tokenizer = tokenizer
        self._encode = lru_cache(_MOST_ENCODED)(self._tokenize)
        self._readings: list[_Reading] = []  # the latest used last
        self._beginning = _Reading()

    @torch.inference_mode()
    def forget(self, beginning: str = "") -> None:
        """Forget what was read, so that scores depend on nothing asked before: in other portions they differ by about 1e-5.

        :param beginning: how the prompts to come begin; it is read once, and kept.
        """
        tokens = self.encode(beginning) if beginning else []
        if self._beginning.tokens != tokens:
            self._beginning = _Reading()
            if tokens:
                self._forward(self._beginning, tokens, Trie(), Trie().inner())
        self._readings = [self._beginning.copy(len(tokens))] if tokens else []

    def encode(self, text: str) -> list[int]:
        """The text's tokens, none added."""
        return list(self._encode(text))

    def _tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    @torch.inference_mode()
    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        """Log-probability of each text as the continuation of the prompt, summed over its tokens.

        :return: float64, shape (K,); comparable with ``token_counts`` for a mean per token.
        :raises ValueError: if the prompt or a text is empty.
        """
        if not prompt or not all(texts):
            raise ValueError("a prompt and texts to score must not be empty")
        tokens = self.encode(prompt)
        sequences = [self._encode(text) for text in texts]
        scores = np.zeros(len(texts))
        for group in in_chunks(sequences, MOST_NODES):
            scores[group] = [log_p.sum() for log_p in self._score(tokens, Trie.of([sequences[i] for i in group]))]
        return scores

    @torch.inference_mode()
    def token_log_probs(self, sequences: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Log-probability of each token after those before it, for sequences that mostly begin alike.

        :return: for each sequence float64, shape (its length,); the first token follows nothing and gets NaN.
        :raises ValueError: if a sequence is empty.
        """
        if not all(len(sequence) for sequence in sequences):
            raise ValueError("sequences to score must not be empty")
        scores = [np.full(len(sequence), np.nan) for sequence in sequences]
        longer = [i for i, sequence in enumerate(sequences) if len(sequence) > 1]
        for first in {sequences[i][0]: None for i in longer}:
            same = [i for i in longer if sequences[i][0] == first]
            shared = min(_Reading([*sequences[same[0]]]).shares(sequences[i][:-1]) for i in same)
            prompt, tails = [*sequences[same[0]][:shared]], [sequences[i][shared:] for i in same]
            own = self._prompt_log_probs(prompt)
            for group in in_chunks(tails, MOST_NODES):
                for i, log_p in zip(group, self._score(prompt, Trie.of([tails[i] for i in group])), strict=True):
                    scores[same[i]][:] = np.concatenate([own, log_p])
        return scores

    @torch.inference_mode()
    def likeliest_next(self, sequence: Sequence[int]) -> tuple[int, float]:
        """The token that most likely follows a sequence, and its log-probability."""
        reading = self._reading_for([*sequence])
        hidden = self._forward(reading, [*sequence], Trie(), Trie().inner())[-1:]
        self._readings = [*self._readings, reading][-_MOST_READINGS:]
        log_p = self.model.lm_head(hidden)[0].double().log_softmax(-1)
        return int(log_p.argmax()), float(log_p.max())

    def _prompt_log_probs(self, prompt: list[int]) -> list[float]:
        """Log-probability of a prompt's own tokens (NaN for the first); what is new of it is read, and stays read."""
        reading = self._reading_for(prompt)
        known = reading.log_p[: len(reading.tokens)] or [np.nan]
        reading.cut(len(known) - 1)  # the last token whose log p is known is read again: it predicts the next
        hidden = self._forward(reading, prompt, Trie(), Trie().inner())
        after = torch.tensor(prompt[len(known) :], dtype=torch.long)
        reading.log_p = [*known, *self._token_log_probs(hidden, torch.arange(len(after)), after).tolist()]
        self._readings = [*self._readings, reading][-_MOST_READINGS:]
        return reading.log_p

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        """Number of tokens of each text, shape (K,)."""
        return np.array([len(self.encode(text)) for text in texts])

    def _score(self, prompt: list[int], trie: Trie) -> list[np.ndarray]:
        """Log p of each token of a trie's sequences after the prompt, in one pass over the prompt's unread end and inner nodes.

        What comes after a leaf is not asked for, so leaves are predicted but not read: with phrases that end in a line break
        this is about a third of the trie.
        """
        reading = self._reading_for(prompt)
        inner, end = trie.inner(), len(prompt) - len(reading.tokens)
        hidden = self._forward(reading, prompt, trie, inner)[end - 1 :]
        reading.cut(len(prompt))
        self._readings = [*self._readings, reading][-_MOST_READINGS:]
        # row 0 of `hidden` predicts what follows the prompt, row 1 + i what follows inner node i
        rows = np.searchsorted(inner, trie.parents) + (np.array(trie.parents) >= 0)
        log_p = self._token_log_probs(hidden, torch.from_numpy(rows), torch.tensor(trie.tokens))
        return [log_p[path] for path in trie.paths]

    def _reading_for(self, prompt: list[int]) -> _Reading:
        """The reading that shares most with a prompt, cut to that, at most all but the prompt's last token.

        It is taken off the list: should the pass fail, nothing half read is trusted. One that went on in another way is kept
        beside its copy.
        """
        shared, best = max(((r.shares(prompt[:-1]), i) for i, r in enumerate(self._readings)), default=(0, -1))
        if best < 0:
            return _Reading()
        if (
            shared < len(self._readings[best].tokens) - 1
        ):  # one token: where a prompt ended, tokens may join differently
            return self._readings[best].copy(shared)
        reading = self._readings.pop(best)
        reading.cut(shared)
        return reading

    def _forward(self, reading: _Reading, prompt: list[int], trie: Trie, inner: np.ndarray) -> torch.Tensor:
        """Hidden states of the prompt's unread end (T tokens) and of the inner nodes, shape (T + M, D); both enter the cache."""
        past, size = len(reading.tokens), len(prompt)
        sees = np.ones((size - past + len(inner), size + len(inner)), dtype=bool)
        sees[: size - past] = np.tri(size - past, size + len(inner), past, dtype=bool)
        sees[size - past :, size:] = trie.sees()[np.ix_(inner, inner)]
        mask = torch.zeros(sees.shape, dtype=self.model.dtype)
        mask.masked_fill_(torch.from_numpy(~sees), torch.finfo(mask.dtype).min)
        tokens = [*prompt[past:], *(trie.tokens[i] for i in inner)]
        positions = np.concatenate([np.arange(past, size), size + trie.depths()[inner]])
        reading.tokens = [*prompt]
        output = self.model.model(
            input_ids=torch.tensor([tokens]),
            attention_mask=mask[None, None],
            position_ids=torch.from_numpy(positions)[None],
            past_key_values=reading.cache,
            use_cache=True,
        )
        return output.last_hidden_state[0]

    def _token_log_probs(self, hidden: torch.Tensor, rows: torch.Tensor, tokens: torch.Tensor) -> np.ndarray:
        """log p(token | state in that row) for each token, float64, shape (N,). Every row is turned into logits once."""
        total = torch.empty(len(hidden), dtype=torch.float64)
        picked = torch.empty(len(tokens), dtype=torch.float64)
        for start in range(0, len(hidden), _VOCABULARY_ROWS):
            logits = self.model.lm_head(hidden[start : start + _VOCABULARY_ROWS]).float()
            total[start : start + len(logits)] = logits.logsumexp(-1).double()
            mine = ((rows >= start) & (rows < start + len(logits))).nonzero()[:, 0]
            picked[mine] = logits[rows[mine] - start, tokens[mine]].double()
        return (picked - total[rows]).numpy()

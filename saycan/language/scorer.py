"""log p(text | prompt) for many texts at once, by a causal language model of transformers.

All texts go through the model as one trie: a node sees the prompt and its own ancestors, its position is its depth. The prompt
stays in a key-value cache; of the next prompt only what differs is read. (Method: docs/how-it-works.md, "Say".)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from saycan.language.trie import Trie, in_chunks

MOST_NODES = 512  # trie nodes in one pass: bounds memory, whatever the number of texts
_VOCABULARY_ROWS = 128  # hidden states turned into logits at a time: the vocabulary is the widest thing in the room


class TrieScorer:
    """Scores texts with a causal language model.

    :param model: a causal language model of transformers whose cache can be cut back (full attention).
    :param tokenizer: its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any):
        self.model = model.eval()
        self.tokenizer = tokenizer
        self._cache = DynamicCache()
        self._cached: list[int] = []

    def encode(self, text: str) -> list[int]:
        """The text's tokens, none added."""
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    @torch.inference_mode()
    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        """Log-probability of each text as the continuation of the prompt, summed over its tokens.

        :return: float64, shape (K,); comparable with ``token_counts`` for a mean per token.
        :raises ValueError: if the prompt or a text is empty.
        """
        if not prompt or not all(texts):
            raise ValueError("a prompt and texts to score must not be empty")
        first = self._read(self.encode(prompt))
        sequences = [self.encode(text) for text in texts]
        scores = np.zeros(len(texts))
        for group in in_chunks(sequences, MOST_NODES):
            scores[group] = self._score(first, Trie.of([sequences[i] for i in group]))
        return scores

    def token_counts(self, texts: Sequence[str]) -> np.ndarray:
        """Number of tokens of each text, shape (K,)."""
        return np.array([len(self.encode(text)) for text in texts])

    def _read(self, tokens: list[int]) -> torch.Tensor:
        """Bring the cache to exactly this prompt; the hidden state of its last token, shape (1, D)."""
        shared = 0
        for a, b in zip(tokens[:-1], self._cached, strict=False):
            if a != b:
                break
            shared += 1
        self._cached = []  # if the pass below fails, nothing stale is trusted
        self._cut(shared)
        hidden = self._forward(tokens[shared:], None, torch.arange(shared, len(tokens)))
        self._cached = tokens
        return hidden[-1:]

    def _score(self, first: torch.Tensor, trie: Trie) -> np.ndarray:
        """Scores of a trie's sequences after the cached prompt, whose last hidden state is ``first``."""
        past = len(self._cached)
        sees = torch.ones(len(trie), past + len(trie), dtype=torch.bool)
        sees[:, past:] = torch.from_numpy(trie.sees())
        mask = torch.zeros(sees.shape, dtype=first.dtype).masked_fill_(~sees, torch.finfo(first.dtype).min)
        hidden = self._forward(trie.tokens, mask[None, None], past + torch.from_numpy(trie.depths()))
        self._cut(past)
        # row i of `before` is the state from which node i's token is predicted
        before = torch.cat([first, hidden])[torch.tensor(trie.parents) + 1]
        log_p = self._token_log_probs(before, torch.tensor(trie.tokens))
        return np.array([log_p[path].sum() for path in trie.paths])

    def _forward(self, tokens: list[int], mask: torch.Tensor | None, positions: torch.Tensor) -> torch.Tensor:
        output = self.model.model(
            input_ids=torch.tensor([tokens]),
            attention_mask=mask,
            position_ids=positions[None],
            past_key_values=self._cache,
            use_cache=True,
        )
        return output.last_hidden_state[0]

    def _token_log_probs(self, hidden: torch.Tensor, tokens: torch.Tensor) -> np.ndarray:
        """log p(token | state) for each row, shape (N,). States that repeat are turned into logits once."""
        unique, which = torch.unique(hidden, dim=0, return_inverse=True)
        total = torch.empty(len(unique), dtype=torch.float64)
        picked = torch.empty(len(tokens), dtype=torch.float64)
        for start in range(0, len(unique), _VOCABULARY_ROWS):
            logits = self.model.lm_head(unique[start : start + _VOCABULARY_ROWS]).float()
            total[start : start + len(logits)] = logits.logsumexp(-1).double()
            mine = ((which >= start) & (which < start + len(logits))).nonzero()[:, 0]
            picked[mine] = logits[which[mine] - start, tokens[mine]].double()
        return (picked - total[which]).numpy()

    def _cut(self, length: int) -> None:
        extra = int(self._cache.get_seq_length()) - length
        if extra > 0:
            self._cache.crop(-extra)

"""The language model times the success values as a policy with gradients: pi(a|s) in proportion to p(text | prompt)^(1/tau) can^strength.

It is categorical over finitely many phrases, so log-probabilities, entropy and KL are exact and no text is sampled. Options that had next
to no probability when the choice was made are left out (``keep``), and the rest normalised. Steps of one group of episodes go through the
model as one trie of prompts and phrases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from saycan.language.examples import REFUSAL
from saycan.language.planner import Planner, Scoring
from saycan.language.prompt import continuation, prompt
from saycan.language.scorer import TrieScorer
from saycan.language.trie import Trie
from saycan.learning.lora import autocast, hide
from saycan.learning.transcripts import STYLE
from saycan.select import policy
from saycan.types import Episode

_MOST_NODES = 512  # trie nodes in one pass with gradients: bounds memory
_LEAST_CAN = 1e-12

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Decision:
    """One step as the policy sees it.

    :param prompt: tokens of what was read.
    :param options: tokens of each of the K phrases that count; the refusal is one where declining is possible.
    :param bias: strength * log can of each, 0 for the refusal, shape (K,).
    :param was: probability of each when the choice was made, shape (K,); they sum to one.
    :param chosen: index of the choice.
    """

    prompt: Tokens
    options: tuple[Tokens, ...]
    bias: np.ndarray
    was: np.ndarray
    chosen: int

    @property
    def entropy(self) -> float:
        """Entropy of the policy in nats when the choice was made."""
        return float(-(self.was * np.log(np.maximum(self.was, 1e-300))).sum())


class Voice:
    """The model as it is, scoring phrases for an agent; what it has said is remembered until it learns more."""

    def __init__(self, model: Any, tokenizer: Any):
        self._model, self._scorer = model, TrieScorer(model, tokenizer)
        self._said: dict[tuple[str, tuple[str, ...]], np.ndarray] = {}

    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        """Summed log-probability of each text, shape (K,)."""
        key = (prompt, tuple(texts))
        if key not in self._said:
            with autocast(self._model):
                self._said[key] = self._scorer.log_probs(prompt, texts)
        return self._said[key]

    def forget(self) -> None:
        """The model has changed."""
        self._said.clear()
        self._scorer.forget()

    def planner(self) -> Planner:
        """The planner as ``planner=trained`` asks it, but for what the scene lacks: of that nothing is learned."""
        return Planner(self, Scoring(prior=0.0, by_length=False, lacking=False), STYLE)


class Policy:
    """Log-probabilities of steps, with gradients.

    :param keep: least probability for an option to count; what was chosen always does.
    """

    def __init__(
        self, model: Any, encode: Callable[[str], list[int]], tau: float = 1.0, strength: float = 1.0, keep: float = 0.0
    ):
        self._model, self._encode = model, encode
        self._tau, self._strength, self._keep = tau, strength, keep

    def decision(self, episode: Episode, number: int) -> Decision | None:
        """A step of an episode; None where there was nothing to decide, as nothing was possible."""
        step = episode.steps[number]
        if number and step.chosen is None:  # declining is for the beginning
            return None
        shares = policy(step.say, step.product, self._tau)
        choice = len(step.candidates) if step.chosen is None else step.chosen
        kept = [i for i, share in enumerate(shares) if i == choice or (share and share >= self._keep)]
        texts = [*(candidate.text for candidate in step.candidates), REFUSAL]
        bias = self._strength * np.log(np.maximum(np.append(step.can, 1.0), _LEAST_CAN))
        was = shares[kept] / shares[kept].sum()
        read, options = self._read(episode, number, [texts[i] for i in kept])
        return Decision(read, options, bias[kept], was, kept.index(choice))

    def between(self, episode: Episode, number: int, better: str, worse: str) -> Decision:
        """Two phrases alone: of log pi(better) - log pi(worse) all else falls out but what can be done, which does not change."""
        read, options = self._read(episode, number, [better, worse])
        return Decision(read, options, np.zeros(2), np.array([0.5, 0.5]), 0)

    def _read(self, episode: Episode, number: int, texts: Sequence[str]) -> tuple[Tokens, tuple[Tokens, ...]]:
        before = Episode(episode.instruction, episode.steps[:number])
        read = prompt(episode.instruction, before, episode.steps[number].view, STYLE)
        return tuple(self._encode(read)), tuple(tuple(self._encode(continuation(text))) for text in texts)

    def log_pi(self, decisions: Sequence[Decision]) -> list[torch.Tensor]:
        """Log-probability of every option of each decision, float32, shapes (K,). One pass: see ``portions``."""
        return [
            (scores / self._tau + torch.from_numpy(d.bias).float()).log_softmax(-1)
            for d, (scores, _) in zip(decisions, self.look(decisions), strict=True)
        ]

    def look(self, decisions: Sequence[Decision]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """For each decision log p(text | prompt) of its options, shape (K,), and the state that each text ends in, shape (K, D)."""
        trie = Trie.of([[*d.prompt, *option] for d in decisions for option in d.options])
        starts = [len(d.prompt) for d in decisions for _ in d.options]
        tails = [path[start:] for path, start in zip(trie.paths, starts, strict=True)]
        nodes = np.unique(np.concatenate(tails))
        hidden, rows = self._hidden(trie)
        log_p = self._log_p(hidden, rows[nodes], torch.tensor(trie.tokens)[nodes])
        scores = torch.stack([log_p[np.searchsorted(nodes, tail)].sum() for tail in tails])
        states = hidden[[rows[tail[-1]] for tail in tails]].float()  # the last token is a line break, and not read
        counts = [len(d.options) for d in decisions]
        return list(zip(scores.split(counts), states.split(counts), strict=True))

    def _hidden(self, trie: Trie) -> tuple[torch.Tensor, np.ndarray]:
        """Hidden states of the trie's inner nodes, shape (M, D), and for each node the row that predicts it, shape (N,)."""
        inner = trie.inner()
        sees = torch.from_numpy(trie.sees()[np.ix_(inner, inner)])
        with autocast(self._model):
            output = self._model.model(
                input_ids=torch.tensor(trie.tokens)[None, inner],
                attention_mask=hide(sees, self._model)[None, None],
                position_ids=torch.from_numpy(trie.depths()[inner])[None],
                use_cache=False,
            )
        return output.last_hidden_state[0], np.searchsorted(inner, trie.parents)

    def _log_p(self, hidden: torch.Tensor, rows: np.ndarray, tokens: torch.Tensor) -> torch.Tensor:
        """log p(token | state in that row) for each token, float32, shape (N,). Every row is turned into logits once."""
        distinct, where = np.unique(rows, return_inverse=True)
        with autocast(self._model):
            logits = self._model.lm_head(hidden[distinct]).float()
        return logits[where, tokens] - logits.logsumexp(-1)[where]


def portions(decisions: Sequence[Decision], most: int = _MOST_NODES) -> list[list[int]]:
    """Indices of the decisions in groups for one pass each, with tries of at most about ``most`` nodes.

    Neighbours in sorted order share the most, so groups are cut from that order.
    """
    groups: list[list[int]] = []
    size, last = most + 1, None  # type: int, Decision | None
    for i in sorted(range(len(decisions)), key=lambda i: (decisions[i].prompt, decisions[i].options)):
        new = _new_nodes(decisions[i], last)
        if size + new > most:
            groups.append([])
            size, new = 0, _new_nodes(decisions[i], None)
        groups[-1].append(i)
        size, last = size + new, decisions[i]
    return groups


def _new_nodes(decision: Decision, last: Decision | None) -> int:
    """At most so many nodes does a decision add to a trie that has another one."""
    if last is not None and (last.prompt, last.options) == (decision.prompt, decision.options):
        return 0
    pairs = enumerate(zip(decision.prompt, last.prompt if last else (), strict=False))
    shared = next((i for i, (a, b) in pairs if a != b), min(len(decision.prompt), len(last.prompt) if last else 0))
    return len(decision.prompt) - shared + sum(map(len, decision.options))

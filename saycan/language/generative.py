"""The language model writes the next step freely, and the skill that means most nearly the same is done.

The "Generative" baseline of SayCan (Ahn et al. 2022, "Do As I Can, Not As I Say", section 5): nothing ties what is written to
what the arm can do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from saycan.language import prompt
from saycan.language.embedding import embedder_folder, load_embedder
from saycan.language.examples import REFUSAL
from saycan.language.prompt import Style
from saycan.types import Candidate, Episode, SceneView
from sim.cli import InputError

_MOST_TOKENS = 24  # of a line; the longest skills have about ten
_SHARPNESS = 100.0  # of the softmax over cosines: the nearest gets nearly all, and the order of the others can be read


def check_can_write(kind: str) -> None:
    """Raise an InputError if a language model of that kind cannot write a line here, or the embedding model is missing."""
    if kind != "transformers":
        raise InputError(
            "agent=generative needs a language model that runs here, not one on a server: choose llm=smollm2 or llm=transformers"
        )
    embedder_folder()


class Generative:
    """Scores candidates by how near they are to the line that the language model writes.

    A refusal, as in the examples, stands beside them: where the line is nearest to that, the agent declines.

    :param scorer: a language model that runs here (``saycan.language.scorer.TrieScorer``).
    :param style: what the prompt tells.
    :param embed: from N texts to unit vectors, shape (N, D); None: all-MiniLM-L6-v2.
    :raises InputError: if the embedding model is missing.
    """

    def __init__(
        self, scorer: Any, style: Style | None = None, embed: Callable[[Sequence[str]], np.ndarray] | None = None
    ):
        self._scorer, self._style, self._embed = scorer, style or Style(), embed or load_embedder()

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """Log of a softmax over the cosines with the line, shape (K,); the refusal's share is what is missing to one."""
        line = self.write(prompt.prompt(episode.instruction, episode, view, self._style))
        written, *known = self._embed([line, *(candidate.text for candidate in candidates), REFUSAL])
        scores = _SHARPNESS * (np.array(known, dtype=float) @ written)
        return (scores - np.logaddexp.reduce(scores))[:-1]

    def write(self, text: str) -> str:
        """The line with which the language model goes on, each token the likeliest one."""
        tokenizer, line = self._scorer.tokenizer, list[int]()
        tokens = self._scorer.encode(text)
        while len(line) < _MOST_TOKENS:
            token, _ = self._scorer.likeliest_next([*tokens, *line])
            line.append(token)
            if token in tokenizer.all_special_ids or "\n" in tokenizer.decode([token]):
                break
        written = tokenizer.decode(line, skip_special_tokens=True)
        return str(written).split("\n")[0].strip()

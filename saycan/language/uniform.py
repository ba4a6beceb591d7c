"""No language at all: whatever is said, every candidate is as useful as any other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from saycan.types import Candidate, Episode, SceneView


class Uniform:
    """The ablation of "say": what is chosen is what is most likely to succeed."""

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """log 1/K for each, shape (K,)."""
        return np.full(len(candidates), -np.log(len(candidates)))

"""Do not begin what cannot be finished: before the first thing is taken, is what should be done with it possible, too?

Say and can judge one skill. "Put the block in the bowl" begins well where the block is near and the bowl is out of reach. So the skill that is best at
first is done in the head, language is asked what comes next, and how much of that is possible counts for the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from saycan.agent import Language
from saycan.candidates import DONE
from saycan.imagination import Meant
from saycan.select import combine
from saycan.types import IMAGINED, Branch, Candidate, Episode, SceneView, Step
from skills.execute import Outcome

Can = Callable[[SceneView, Sequence[Candidate]], np.ndarray]
"""Probabilities of success in a view, shape (K,)."""


class NextStep:
    """Looks one skill ahead at the first choice, if that would leave something in the hand.

    :param meant: what would be seen after a skill that does what it is meant to; None: it could not.
    :param can: chances of success there.
    """

    def __init__(self, language: Language, meant: Meant, can: Can, tau: float = 1.0, strength: float = 1.0):
        self._language, self._meant, self._can = language, meant, can
        self._tau, self._strength = tau, strength

    def judge(
        self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], product: np.ndarray
    ) -> tuple[np.ndarray, tuple[Branch, ...]]:
        """The product, the best one's times how much is possible of what language wants after it; nothing is imagined further.

        :param product: say times can, shape (K,).
        """
        best = int(np.argmax(product))
        if episode.steps or candidates[best] == DONE or not product[best]:
            return product, ()
        seen = self._meant(view, candidates[best])
        if seen is None or seen.held is None:
            return product, ()
        judged = product.copy()
        judged[best] *= self._possible(episode, view, seen, candidates, best)
        return judged, ()

    def _possible(
        self, episode: Episode, view: SceneView, seen: SceneView, candidates: tuple[Candidate, ...], best: int
    ) -> float:
        """How much of what language wants after a skill is possible then; being done always is, and what is not there never."""
        none = np.zeros(0)
        taken = Step(view, candidates, none, none, none, best, Outcome(True, ended=IMAGINED))
        say = self._language.log_probs(Episode(episode.instruction, [taken]), seen, candidates)
        can = np.where([c == DONE for c in candidates], 1.0, self._can(seen, candidates))
        return float(min(combine(say, can, self._tau, self._strength).sum(), 1.0))

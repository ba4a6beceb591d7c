"""Do not begin what cannot be finished, nor what is so already: what would be done next with a thing, once it is taken?

Say and can judge one skill. "Put the block in the bowl" begins well where the block is near and the bowl is out of reach. So the skill that is best is done
in the head, and language is asked what comes next. How much of that is possible counts for the first choice of all; and what would only be put back where
it is now is not taken at all ("the apple should be on the tray", where it lies).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from saycan.agent import Language
from saycan.candidates import DONE
from saycan.imagination import Meant
from saycan.select import combine
from saycan.types import IMAGINED, Branch, Candidate, Episode, SceneView, Step
from sim.relations import REGIONS, is_at
from skills.execute import Outcome

Can = Callable[[SceneView, Sequence[Candidate]], np.ndarray]
"""Probabilities of success in a view, shape (K,)."""
_MOST_LEFT_ALONE = 3  # things in one decision


@dataclass(frozen=True)
class _Next:
    """What would come after taking something.

    :param taken: what is in the hand then; ``seen``: what would be seen.
    :param choice: what would be chosen, by its index.
    :param possible: how much of what language wants is possible then, 0 to 1.
    """

    taken: str
    seen: SceneView
    choice: int
    possible: float


class NextStep:
    """Looks one skill ahead where something would be taken.

    :param meant: what would be seen after a skill that does what it is meant to; None: it could not.
    :param can: chances of success there.
    """

    def __init__(self, language: Language, meant: Meant, can: Can, tau: float = 1.0, strength: float = 1.0):
        self._language, self._meant, self._can = language, meant, can
        self._tau, self._strength = tau, strength

    def judge(
        self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], product: np.ndarray
    ) -> tuple[np.ndarray, tuple[Branch, ...]]:
        """The product without what would only be put back; at first, the best one's times how much is possible after it.

        :param product: say times can, shape (K,).
        """
        for _ in range(_MOST_LEFT_ALONE):
            best = int(np.argmax(product))
            after = self._after(episode, view, candidates, best) if product[best] else None
            if after is None:
                return product, ()
            if not self._is_there(view, candidates[after.choice], after):
                return (product if episode.steps else _times(product, best, after.possible)), ()
            product = _left_out(product, best)
        return product, ()

    def _after(self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], best: int) -> _Next | None:
        """What language wants after a skill by which something is taken; None of any other. Being done always is possible, what is not there never."""
        if candidates[best] == DONE or view.held is not None:
            return None
        seen = self._meant(view, candidates[best])
        if seen is None or seen.held is None:
            return None
        none = np.zeros(0)
        taken = Step(view, candidates, none, none, none, best, Outcome(True, ended=IMAGINED))
        say = self._language.log_probs(Episode(episode.instruction, [*episode.steps, taken]), seen, candidates)
        can = np.where([c == DONE for c in candidates], 1.0, self._can(seen, candidates))
        product = combine(say, can, self._tau, self._strength)
        return _Next(seen.held, seen, int(np.argmax(product)), float(min(product.sum(), 1.0)))

    def _is_there(self, view: SceneView, then: Candidate, after: _Next) -> bool:
        """Whether what is taken would come to be in or on what it is in or on, or in the part of the table where it stands."""
        if then == DONE or then.target is None:
            return False
        now = {fact for fact in view.relations if fact[1] == after.taken}
        if then.target.name in REGIONS:
            return not now and is_at(view.boxes[after.taken], then.target.name)
        put = self._meant(after.seen, then)
        return put is not None and bool(now) and {f for f in put.relations if f[1] == after.taken} == now


def _times(product: np.ndarray, index: int, factor: float) -> np.ndarray:
    judged = product.copy()
    judged[index] *= factor
    return judged


def _left_out(product: np.ndarray, index: int) -> np.ndarray:
    """The product without a candidate; the others take its share, so that nothing is declined for it."""
    judged = _times(product, index, 0.0)
    return judged * (product.sum() / judged.sum()) if judged.any() else judged

"""Do not begin what cannot be finished, nor what is so already: what would be done next with a thing, once it is taken?

Say and can judge one skill. "Put the block in the bowl" begins well where the block is near and the bowl is out of reach. So the skill that is best is done
in the head, and language is asked what comes next. How much of that is possible counts for the first choice of all. And putting something back where it
was is as good as not taking it ("the apple should be on the tray", where it lies): where that is surely wanted, it is as good as done, and language is asked
what comes after it. Where it is wanted by a hair, taking counts no more than what else would be done with it; and once it is taken, something else is.
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
_MOST_JUDGED = 4  # things in one decision
_LIKELY = 0.01  # share of the product from which it matters where a candidate would lead
_WANTED = 0.9  # share of putting back from which nothing else would be done


@dataclass(frozen=True)
class _Next:
    """What would come after taking something.

    :param possible: how much of what language wants is possible then, 0 to 1.
    :param back: what share of that puts it back where it is now, if the best choice does; otherwise 0.
    :param done: the episode with both.
    """

    possible: float
    back: float
    done: Episode


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
        """The product without putting back, taking the less for it; at first, the best one's times how much is possible after it.

        :param product: say times can, shape (K,).
        """
        if view.held is not None:
            return self._elsewhere(episode, view, candidates, product), ()
        judged, now = dict[int, float](), episode
        while len(judged) < _MOST_JUDGED:
            best = int(np.argmax(product))
            after = self._after(now, view, candidates, best) if product[best] and best not in judged else None
            if after is None:
                break
            judged[best] = 1.0 if after.back > _WANTED else after.back
            again = {best: judged[best]}
            if after.back > _WANTED:  # then that is as good as done: what comes after it?
                now, again = after.done, judged
                product = np.where(product, self._product(now, view, candidates), 0.0)
            for index, share in again.items():
                product = discounted(product, index, share)
            if np.argmax(product) == best:
                return (product if episode.steps else _times(product, best, after.possible)), ()
        return product, ()

    def _after(self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], best: int) -> _Next | None:
        """What language wants after a skill by which something is taken; None of any other. Being done always is possible, what is not there never."""
        if candidates[best] == DONE:
            return None
        seen = self._meant(view, candidates[best])
        if seen is None or seen.held is None:
            return None
        taken = _done_in_the_head(episode, view, candidates, best)
        product = self._product(taken, seen, candidates, done=1.0)
        then, total = int(np.argmax(product)), float(product.sum())
        back = self._back(view, seen, candidates, product)
        share = float(product[back].sum()) / total if then in back else 0.0
        return _Next(min(total, 1.0), share, _done_in_the_head(taken, seen, candidates, then))

    def _product(
        self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], done: float | None = None
    ) -> np.ndarray:
        """Say times can, shape (K,).

        :param done: what "can" is for saying done; None: as always.
        """
        say, can = self._language.log_probs(episode, view, candidates), self._can(view, candidates)
        if done is not None:
            can = np.where([c == DONE for c in candidates], done, can)
        return combine(say, can, self._tau, self._strength)

    def _elsewhere(
        self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], product: np.ndarray
    ) -> np.ndarray:
        """The product without what would put back what has just been taken, unless that is nearly all that is wanted."""
        free = (step.view for step in reversed(episode.steps) if step.view.held is None)
        before = next(free, None)  # where it was taken; tries to put it down may have failed since
        if before is None or view.held not in before.boxes:
            return product
        back = self._back(before, view, candidates, product)
        if product[back].sum() > _WANTED * product.sum():
            return product
        judged = product.copy()
        judged[back] = 0.0
        return _grown(judged, product)

    def _back(
        self, before: SceneView, holding: SceneView, candidates: Sequence[Candidate], product: np.ndarray
    ) -> list[int]:
        """The likely candidates by which what is held would come to be where it was before it was taken."""
        least = _LIKELY * product.sum()
        return [i for i, c in enumerate(candidates) if product[i] > least and self._is_back(before, holding, c)]

    def _is_back(self, before: SceneView, holding: SceneView, then: Candidate) -> bool:
        """Whether what is held would come to be in or on what it was in or on, or in the part of the table where it stood."""
        if then == DONE or then.target is None:
            return False
        taken = holding.held
        assert taken is not None, "something has been taken"
        was = {fact for fact in before.relations if fact[1] == taken}
        if then.target.name in REGIONS:
            return not was and is_at(before.boxes[taken], then.target.name)
        put = self._meant(holding, then)
        return put is not None and bool(was) and {f for f in put.relations if f[1] == taken} == was


def _done_in_the_head(episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], choice: int) -> Episode:
    """The episode with one more skill that did what it was meant to."""
    none = np.zeros(0)
    step = Step(view, candidates, none, none, none, choice, Outcome(True, ended=IMAGINED))
    return Episode(episode.instruction, [*episode.steps, step])


def _times(product: np.ndarray, index: int, factor: float) -> np.ndarray:
    judged = product.copy()
    judged[index] *= factor
    return judged


def discounted(product: np.ndarray, index: int, share: float) -> np.ndarray:
    """The product with a share of one candidate's taken off; all grow to the sum that it had, so that nothing is declined for it."""
    return _grown(_times(product, index, 1.0 - share), product) if share else product


def _grown(judged: np.ndarray, product: np.ndarray) -> np.ndarray:
    """Products of which something was taken, grown to the sum that all had; the old ones, if nothing is left."""
    return judged * (product.sum() / judged.sum()) if judged.any() else product

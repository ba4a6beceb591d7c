"""Try it in the head first: say x can x imagined outcome. Candidates are judged by how likely they lead to what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from saycan.agent import Language
from saycan.candidates import DONE
from saycan.imagination import Meant
from saycan.types import IMAGINED, Branch, Candidate, Episode, SceneView, Step
from saycan.world_model.base import Forecast, Future, Situation, WorldModel
from saycan.world_model.rollouts import Dreamer
from skills.execute import Outcome

_WIDTH = 4  # candidates that are tried in the head
_FUTURES = 2  # of each, the likeliest
_ENOUGH = 0.9  # chance of being fulfilled beyond which nothing more is imagined
_LEAST = 0.01  # worth of what leads nowhere: where nothing leads anywhere, all stays as it was


@dataclass(frozen=True)
class _Table:
    """What is seen, or would be seen, and what could be done: the same everywhere while one decision is imagined."""

    view: SceneView
    candidates: tuple[Candidate, ...]


class Lookahead:
    """Imagines the best candidates some skills ahead: after the first, language chooses.

    :param meant: what would be seen after a skill that does what it is meant to; None: it could not.
    :param depth: skills.
    """

    def __init__(self, model: WorldModel, dreamer: Dreamer, language: Language, meant: Meant, depth: int):
        self._model, self._dreamer, self._language, self._depth = model, dreamer, language, depth
        self._meant = meant

    def judge(
        self, episode: Episode, view: SceneView, candidates: tuple[Candidate, ...], product: np.ndarray
    ) -> tuple[np.ndarray, tuple[Branch, ...]]:
        """The product, moved among the best candidates to where it leads to something (their sum stays), and what was imagined.

        :param product: say times can, shape (K,).
        """
        best = [int(i) for i in np.argsort(-product, kind="stable")[:_WIDTH] if product[i] > 0]
        done = [s.choice.text for s in episode.steps if s.choice and s.outcome and s.outcome.success]
        now = self._model.observe(view, done, episode.instruction)
        trees = self._grow(_Table(view, candidates), episode, now, best, self._depth)
        worth = np.array([_worth(tree) for tree in trees])
        known = ~np.isnan(worth)
        if not known.any():
            return product, tuple(branch for tree in trees for branch in tree)
        weighed = product[best] * (
            _LEAST + np.where(known, worth, worth[known].mean())
        )  # the doubtful: neither better nor worse
        judged = product.copy()
        judged[best] = weighed * product[best].sum() / weighed.sum()
        return judged, tuple(branch for tree in trees for branch in tree)

    def _grow(
        self, table: _Table, episode: Episode, now: Situation, which: Sequence[int], depth: int
    ) -> list[tuple[Branch, ...]]:
        """For each candidate what could come of it, and what then."""
        skills = [table.candidates[i].text for i in which]
        forecasts = self._dreamer.forecast([now] * len(skills), skills)
        return [
            self._branches(table, episode, i, forecast, depth) for i, forecast in zip(which, forecasts, strict=True)
        ]

    def _branches(
        self, table: _Table, episode: Episode, chosen: int, forecast: Forecast | None, depth: int
    ) -> tuple[Branch, ...]:
        skill = table.candidates[chosen].text
        if forecast is None:
            return (Branch(skill, 1.0, None, "not to be foreseen", float("nan"), float("nan")),)
        found = []
        for future in forecast.futures[:_FUTURES]:
            branch = Branch(skill, future.chance, future.worked, _told(future), future.fulfilled, future.fulfilled)
            if depth > 1 and skill != DONE.text and future.fulfilled < _ENOUGH:
                then = self._go_on(table, episode, chosen, future, depth)
                rest = np.nan_to_num(_worth(then)) if then else 0.0
                branch = replace(branch, worth=future.fulfilled + (1 - future.fulfilled) * float(rest), then=then)
            found.append(branch)
        return tuple(found)

    def _go_on(self, table: _Table, episode: Episode, chosen: int, future: Future, depth: int) -> tuple[Branch, ...]:
        """What language would choose then, and what could come of it; nothing if it would say that it is done."""
        none = np.zeros(0)
        step = Step(table.view, table.candidates, none, none, none, chosen, Outcome(future.worked, ended=IMAGINED))
        imagined = Episode(episode.instruction, [*episode.steps, step])
        seen = self._meant(table.view, table.candidates[chosen]) if future.worked else None
        table = replace(table, view=seen or table.view)
        following = int(np.argmax(self._language.log_probs(imagined, table.view, table.candidates)))
        if table.candidates[following] == DONE:
            return ()
        return self._grow(table, imagined, future.after, [following], depth - 1)[0]


def _worth(branches: Sequence[Branch]) -> float:
    """Chance that the instruction comes to be fulfilled by a skill; NaN if that cannot be foreseen."""
    return sum(b.chance * b.worth for b in branches) / sum(b.chance for b in branches)


def _told(future: Future) -> str:
    return f"{future.change[0]} {future.change[1]}" if future.change else "as before"

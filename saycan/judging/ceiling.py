"""A planner that is told the goal: no language model can choose better, so what it fails at is not language's fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from saycan.candidates import propose
from saycan.imagination import state_of
from saycan.judging.oracle import Oracle
from saycan.types import Candidate, Episode, SceneView
from sim.goals import GoalError, parse
from sim.relations import is_open
from skills.library import Skill

_OPENS = "open_drawer"


class KnowsTheGoal:
    """Stands where a language model stands, and reads the task's goal instead of the instruction: a ceiling, for the benchmark only.

    It wants, all equally, the skills that begin a shortest way from what is seen now to the goal; where there is no way, nothing. For what is
    not seen it looks in the drawer.

    :param goal: in the goal language. ``none`` is the goal of a task to refuse: it declines.
    :raises sim.goals.GoalError: if the goal cannot be parsed.
    """

    def __init__(self, goal: str | None, library: Mapping[str, Skill]):
        assert goal is not None, "it has to be told the goal"
        self._goal, self._library = parse(goal), library
        self._refuse = goal.strip() == "none"

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        """log 1/n for the n best candidates and minus infinity for the others, shape (K,)."""
        best = None if self._refuse else self._best(episode, view)
        right = np.array([candidate in (best or ()) for candidate in candidates])
        return np.where(right, -np.log(max(right.sum(), 1)), -np.inf)

    def _best(self, episode: Episode, view: SceneView) -> list[Candidate] | None:
        first = episode.steps[0].view if episode.steps else view
        start = replace(first, boxes={**view.boxes, **first.boxes}, classes={**view.classes, **first.classes})
        try:
            return Oracle(self._goal, state_of(start), self._library).best(state_of(view))
        except (GoalError, KeyError):  # the goal is about something that was not seen yet
            hidden = view.drawer is not None and not is_open(view.drawer)
            return [c for c in propose(self._library, view) if c.skill == _OPENS] if hidden else None

"""Learn what the expert prefers, then from that: StepAgent's implicit reflection (arXiv 2411.03817).

First direct preference optimisation (DPO) of the expert's step over the one that the agent proposed there. What that has changed is a reward
for every step, beta log(pi / pi_ref); the rest of the time the agent's own episodes are optimised for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from saycan.learning import reinforce
from saycan.learning.inspection import Mistake, expert_episode, mistakes
from saycan.learning.objectives import preference
from saycan.learning.policy import Decision, portions
from saycan.learning.reinforce import Reinforcement, by_step
from saycan.learning.trainer import REFERENCE
from saycan.select import drawn

_PREFERRED = "preferred"


@dataclass(frozen=True)
class Settings(reinforce.Settings):
    """How it learns from preferences.

    :param prefer: share of the time for preferences; the rest is policy optimisation.
    :param sharpness: beta of DPO, and of the reward that comes of it.
    """

    prefer: float = 0.7
    sharpness: float = 0.1


class Implicit(Reinforcement):
    """A model that learns what the expert would rather do than itself."""

    settings: Settings

    def learn(self) -> dict[str, float]:
        """One step of preference, or of policy optimisation."""
        if self.share < self.settings.prefer:
            self.forget(_PREFERRED)  # of before, if the training goes on for longer
            return self._prefer()
        if f"{_PREFERRED}.{next(iter(self.learned))}" not in self.kept:
            self.keep(_PREFERRED)
        return self._reflect()

    def _prefer(self) -> dict[str, float]:
        rng, s = self.rng(), self.settings
        experts = [expert_episode(task, self.library, s.done) for task in self.draw(rng, s.tasks)]
        experts = [record for record in experts if record.success]
        choose = drawn(rng, s.tau)
        found = [m for record in experts for m in mistakes(record, self.planner, choose, s.tau, s.strength)]
        inspected = sum(len(record.episode.steps) for record in experts)
        figures = {"loss": 0.0, "mistakes": len(found) / max(inspected, 1)}
        return {**figures, **self._learn_from(found)} if found else figures

    def _learn_from(self, found: Sequence[Mistake]) -> dict[str, float]:
        """One step of DPO; its loss, and the share of mistakes in which the expert's step is now preferred more than at first."""
        pairs = [self.policy.between(m.episode, m.number, m.better, m.worse) for m in found]
        total, better = 0.0, 0
        for part in ([pairs[i] for i in group] for group in portions(pairs)):
            with self.wearing(REFERENCE):
                reference = self._margins(part)
            margins = self._margins(part)
            loss = preference(margins, reference, self.settings.sharpness).sum() / len(pairs)
            loss.backward()
            total += float(loss.detach())
            better += int((margins > reference).sum())
        self.descend()
        self.voice.forget()
        return {"loss": total, "preferred": better / len(pairs)}

    def _margins(self, pairs: Sequence[Decision]) -> torch.Tensor:
        """log pi(better) - log pi(worse) of each pair, shape (N,)."""
        return torch.stack([log_pi[0] - log_pi[1] for log_pi in self.policy.log_pi(pairs)])

    def _reflect(self) -> dict[str, float]:
        rng, s = self.rng(), self.settings
        records = [self.explore(task, rng) for task in self.draw(rng, s.tasks)]
        decisions = [d for record in records for d in self.decisions(record)]
        rewards = self._rewards(decisions)
        samples = by_step(decisions, rewards)
        mean = float(np.mean([r[d.chosen] for r, d in zip(rewards, decisions, strict=True)]))
        success = float(np.mean([record.success for record in records]))
        return {"loss": 0.0, **self.improve(samples), "reward": mean, "success": success}

    def _rewards(self, decisions: Sequence[Decision]) -> list[np.ndarray]:
        """sharpness * log(pi_preferred / pi_reference) of every option, shapes (K,)."""
        rewards: list[np.ndarray] = [np.zeros(0)] * len(decisions)
        for group in portions(decisions):
            part = [decisions[i] for i in group]
            with self.wearing(_PREFERRED):
                preferred = self.policy.log_pi(part)
            with self.wearing(REFERENCE):
                reference = self.policy.log_pi(part)
            for i, p, r in zip(group, preferred, reference, strict=True):
                rewards[i] = self.settings.sharpness * (p - r).double().numpy()
        return rewards

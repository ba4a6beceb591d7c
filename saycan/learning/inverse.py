"""Learn to do what cannot be told from the expert: StepAgent's inverse reflection (arXiv 2411.03817), after GAIL (arXiv 1606.03476).

A discriminator D(s, a) learns to tell the expert's steps from the agent's; the agent's own episodes are optimised for -log(1 - D).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from saycan.learning import reinforce
from saycan.learning.inspection import expert_episode
from saycan.learning.policy import Decision, portions
from saycan.learning.reinforce import REFERENCE, Reinforcement, by_step

_WIDTH = 64


@dataclass(frozen=True)
class Settings(reinforce.Settings):
    """How it learns from being told apart.

    :param discriminator_rate: learning rate of the discriminator; ``discriminator_epochs``: times that it goes over a step's choices.
    :param alone: steps in which the discriminator learns and the agent does not yet.
    """

    discriminator_rate: float = 1e-3
    discriminator_epochs: int = 10
    alone: int = 10


class Inverse(Reinforcement):
    """A model that learns to pass for the expert."""

    settings: Settings

    def prepare(self) -> None:
        """The discriminator, on the model's hidden states."""
        size = self.plain.config.hidden_size
        self.judge = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, _WIDTH), nn.Tanh(), nn.Linear(_WIDTH, 1))
        self.train_too("judge", self.judge, self.settings.discriminator_rate)

    def learn(self) -> dict[str, float]:
        """The expert's and the agent's episodes of some tasks: one step of the discriminator, one of policy optimisation."""
        rng = self.rng()
        tasks = self.draw(rng, self.settings.tasks)
        shown_how = [expert_episode(task, self.library, self.settings.done) for task in tasks]
        experts = [record for record in shown_how if record.success]
        agents = [self.explore(task, rng) for task in tasks]
        shown = [d for record in experts for d in self.decisions(record)]
        own = [d for record in agents for d in self.decisions(record)]
        states = self._states([*shown, *own])
        figures = self._tell_apart(shown, own, states)
        rewards = self._rewards(states[len(shown) :])
        figures["reward"] = float(np.mean([r[d.chosen] for r, d in zip(rewards, own, strict=True)]))
        figures["success"] = float(np.mean([record.success for record in agents]))
        if self.step < self.settings.alone:
            return figures
        return {**figures, **self.improve(by_step(own, rewards))}

    def _states(self, decisions: Sequence[Decision]) -> list[torch.Tensor]:
        """What the reference model makes of each option after its prompt, shapes (K, D): what the discriminator looks at."""
        states: list[torch.Tensor] = [torch.empty(0)] * len(decisions)
        for group in portions(decisions):
            with self.wearing(REFERENCE):
                for i, (_, found) in zip(group, self.policy.look([decisions[i] for i in group]), strict=True):
                    states[i] = found
        return states

    def _tell_apart(
        self, shown: Sequence[Decision], own: Sequence[Decision], states: Sequence[torch.Tensor]
    ) -> dict[str, float]:
        """Train the discriminator: cross-entropy, experts' choices 1 and the agent's 0, both of equal weight; figures before that."""
        chosen = torch.stack([found[d.chosen] for found, d in zip(states, [*shown, *own], strict=True)])
        wanted = torch.tensor([1.0] * len(shown) + [0.0] * len(own))
        weights = torch.where(wanted == 1, 0.5 / max(len(shown), 1), 0.5 / max(len(own), 1))
        figures: dict[str, float] = {}
        for _ in range(self.settings.discriminator_epochs):
            logits = self.judge(chosen)[:, 0]
            loss = functional.binary_cross_entropy_with_logits(logits, wanted, weights, reduction="sum")
            right = (weights * ((logits > 0) == (wanted == 1))).sum()
            figures = figures or {"loss": float(loss.detach()), "told_apart": float(right)}
            loss.backward()
            self.descend()  # nothing else has gradients now, and so nothing else changes
        return figures

    @torch.no_grad()
    def _rewards(self, states: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """-log(1 - D) of every option, shapes (K,)."""
        return [functional.softplus(self.judge(found)[:, 0]).double().numpy() for found in states]

"""The formulas that policies learn by, against slow ones of our own and against TRL's; judges of episodes."""

from __future__ import annotations

import math
from collections import defaultdict
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest
import torch

from saycan.judging.suite import SuiteTask, start_state
from saycan.judging.trial import Record
from saycan.learning import judges
from saycan.learning.inspection import expert_episode
from saycan.learning.objectives import above_baseline, advantages, clipped, k3, kl, preference
from saycan.types import Episode
from sim.scenes import SceneSpec
from skills import library as skill_library


def some(seed: int, shape: tuple[int, ...], scale: float = 1.0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale


def test_advantages_and_divergences_are_the_formulas() -> None:
    rewards = np.array([1.0, 0.0, 0.0, 0.9])
    mean = sum(rewards) / 4
    std = math.sqrt(sum((r - mean) ** 2 for r in rewards) / 3)
    assert advantages(rewards) == pytest.approx([(r - mean) / (std + 1e-6) for r in rewards])
    assert advantages(np.full(4, 0.3)) is None
    new, reference = some(0, (50,)), some(1, (50,))
    slow = [math.exp(r - n) - (r - n) - 1 for n, r in zip(new.tolist(), reference.tolist(), strict=True)]
    assert k3(new, reference).tolist() == pytest.approx(slow) and min(slow) >= 0
    p, q = some(2, (5,)).log_softmax(-1), some(3, (5,)).log_softmax(-1)
    drawn = torch.multinomial(p.exp(), 200_000, replacement=True, generator=torch.Generator().manual_seed(0))
    assert kl(p, q) == pytest.approx(float(k3(p[drawn], q[drawn]).mean()), rel=0.02)  # k3 is unbiased
    mine = np.array([0.5, 0.5, 0.0])
    assert above_baseline(np.array([1.0, 0.0, 9.0]), mine, 0) == pytest.approx(0.5)


def test_the_ratio_is_clipped_only_where_it_has_gone_far_enough() -> None:
    old = torch.zeros(4)
    new = torch.tensor([0.5, -0.5, 0.5, -0.5], requires_grad=True)
    loss = clipped(new, old, torch.tensor([1.0, 1.0, -1.0, -1.0]), 0.2)
    assert loss.tolist() == pytest.approx([-1.2, -math.exp(-0.5), math.exp(0.5), 0.8])
    loss.sum().backward()
    assert [bool(g) for g in new.grad] == [False, True, True, False]


def test_policy_optimisation_is_that_of_trl() -> None:
    trl = pytest.importorskip("trl", reason="TRL is not installed: pip install -e '.[dev]'")
    episodes, most = 6, 5
    mask = torch.tensor([[1] * n + [0] * (most - n) for n in (5, 3, 1, 4, 2, 5)])
    old, reference = some(0, mask.shape), some(1, mask.shape)
    rewards = np.array([1.0, 0.0, 0.2, 1.0, 0.0, 0.5])
    better = torch.tensor(advantages(rewards))
    losses = {}
    for who in ("ours", "trl"):
        new = (old + some(2, mask.shape, 0.3)).requires_grad_()
        if who == "ours":
            spread = better[:, None].expand(episodes, most)[mask == 1]
            terms = clipped(new[mask == 1], old[mask == 1], spread, 0.2) + 0.1 * k3(
                new[mask == 1], reference[mask == 1]
            )
            loss = terms.mean()
        else:
            loss = _trl_grpo(trl, new, old, reference, better, mask)
        loss.backward()
        losses[who] = (float(loss.detach()), new.grad)
    assert losses["ours"][0] == pytest.approx(losses["trl"][0], rel=1e-9)
    assert torch.allclose(losses["ours"][1], losses["trl"][1])


def _trl_grpo(trl, new, old, reference, better, mask):  # type: ignore[no-untyped-def]
    trainer = MagicMock(
        beta=0.1, epsilon_low=0.2, epsilon_high=0.2, loss_type="bnpo", importance_sampling_level="token"
    )
    trainer.configure_mock(top_entropy_quantile=1.0, off_policy_mask_threshold=None, use_vllm=False)
    trainer.configure_mock(_entropy_bonus_enabled=False, aux_loss_enabled=False, _metrics=_metrics())
    trainer.accelerator = _ALONE
    trainer.args = SimpleNamespace(use_bias_correction_kl=False, delta=None)
    trainer.model.training = False
    trainer._get_per_token_logps_and_entropies.return_value = (new, torch.zeros_like(new), None)
    ids = torch.zeros(mask.shape, dtype=torch.long)
    inputs = {"prompt_ids": ids, "prompt_mask": mask, "completion_ids": ids, "completion_mask": mask}
    inputs |= {"advantages": better, "old_per_token_logps": old, "ref_per_token_logps": reference}
    return trl.GRPOTrainer._compute_loss(trainer, None, inputs)


def test_preference_is_that_of_trl() -> None:
    trl = pytest.importorskip("trl", reason="TRL is not installed: pip install -e '.[dev]'")
    pairs = 7
    reference = some(1, (2 * pairs,), 3.0)
    grads, losses = [], []
    for ours in (True, False):
        log_p = some(0, (2 * pairs, 1), 3.0).requires_grad_()
        if ours:
            (b, w), (rb, rw) = log_p[:, 0].chunk(2), reference.chunk(2)
            loss = preference(b - w, rb - rw, 0.3).mean()
        else:
            loss = _trl_dpo(trl, log_p, reference)
        loss.backward()
        losses.append(float(loss.detach()))
        grads.append(log_p.grad)
    assert losses[0] == pytest.approx(losses[1], rel=1e-9) and torch.allclose(*grads)


def _trl_dpo(trl, log_p, reference):  # type: ignore[no-untyped-def]
    trainer = MagicMock(beta=0.3, ld_alpha=None, f_divergence_type="reverse_kl", loss_types=["sigmoid"])
    trainer.configure_mock(loss_weights=[1.0], use_weighting=False, precompute_ref_logps=True, aux_loss_enabled=False)
    trainer.configure_mock(label_smoothing=0.0, _metrics=_metrics())
    trainer.model.training = False
    trainer.accelerator = _ALONE
    ids = torch.ones((len(log_p), 2), dtype=torch.long)
    inputs = {"input_ids": ids, "attention_mask": ids, "completion_mask": ids}
    inputs["ref_chosen_logps"], inputs["ref_rejected_logps"] = reference.chunk(2)
    nothing = torch.zeros_like(log_p)  # figures that it logs, for all they say here
    output = SimpleNamespace(log_probs=log_p, entropy=nothing, mean_logits=nothing, is_top1=nothing.bool())
    return trl.DPOTrainer._compute_loss(trainer, MagicMock(return_value=output), inputs, False)


_ALONE = SimpleNamespace(  # what accelerate does where there is one process
    device="cpu", num_processes=1, gather=lambda x: x, gather_for_metrics=lambda x: x, reduce=lambda x, reduction: x
)


def _metrics() -> dict[str, dict[str, list[float]]]:
    return defaultdict(lambda: defaultdict(list))


SCENE = SceneSpec(objects=["red block", "blue block", "green bowl", "yellow bowl"], seed=1)
BOTH = SuiteTask("both", "set", SCENE, "in(red block, green bowl) and in(blue block, green bowl)", False)


def group() -> list[Record]:
    """Four episodes of one task: done, half done, nothing done, and done as the first."""
    expert = expert_episode(BOTH, skill_library.load_all())
    assert expert.success and len(expert.episode.steps) == 5
    half = Record(BOTH, expert.start, Episode("both", expert.episode.steps[:2], "gave_up"), expert.truths[:3])
    start = start_state(SCENE)
    return [expert, half, Record(BOTH, start, Episode("both", [], "declined"), [start]), expert]


def test_a_rubric_ranks_success_above_a_part_above_nothing() -> None:
    episodes = group()
    scores = judges.rubric(episodes)
    assert scores[0] == scores[3] == pytest.approx(0.92) and scores[0] > scores[1] + 0.5 and scores[1] > scores[2] >= 0
    assert [judges.progress(record) for record in episodes[:3]] == [1, 0.5, 0]
    assert list(judges.truth(episodes)) == [1, 0, 0, 1]
    assert judges.agreement(scores, judges.truth(episodes)) == pytest.approx(2 / math.sqrt(6), abs=0.1)


class Marks:
    """Stands where a language model stands: certain of the mark of each episode on the page."""

    def __init__(self, good: str):
        self.good, self.pages = good, []  # type: str, list[str]

    def log_probs(self, prompt: str, texts: list[str]) -> np.ndarray:
        self.pages.append(prompt)
        number = prompt.rsplit("Mark of ", 1)[1].rstrip(":").capitalize()
        told = next(line for line in prompt.splitlines() if line.startswith(f"{number}:"))
        mark = 9 if self.good in told else 3
        return np.where([text == f" {mark}\n" for text in texts], 0.0, -40.0)


def test_a_language_model_marks_each_plan_of_a_group_once() -> None:
    episodes, model = group(), Marks("done")
    scores = judges.Reader(model)(episodes)
    assert scores == pytest.approx([1, 1 / 3, 1 / 3, 1], abs=1e-6) and len(model.pages) == 3
    assert all("Episode 3" in page and "Episode 4" not in page and judges.RUBRIC in page for page in model.pages)
    assert judges.agreement(scores, judges.truth(episodes)) == pytest.approx(1)
    assert judges.agreement(judges.Reader(Marks("declined"))(episodes), judges.truth(episodes)) < 0
    assert judges.agreement(np.ones(4), judges.truth(episodes)) == 0
    assert judges.agreement(scores, np.ones(4)) is None

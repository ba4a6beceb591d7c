"""Imagined rollouts and lookahead, with a world model and a language of a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import hydra
import numpy as np
import pytest
import torch

from saycan import evaluate_language
from saycan.agent import Agent
from saycan.build import build_foresight, check_agent
from saycan.candidates import DONE
from saycan.judging.suite import load_suite
from saycan.next_step import NextStep
from saycan.report import write_report
from saycan.types import Candidate, Episode, SceneView
from saycan.world_model.base import Forecast, Situation, WorldModel
from saycan.world_model.facts import HAND, Facts, choices
from saycan.world_model.log import Execution
from saycan.world_model.lookahead import Lookahead
from saycan.world_model.rollouts import Dreamer, disagreement
from sim.cli import InputError
from sim.geometry import Box
from sim.paths import CONFIGS
from sim.state import Hand
from skills import library
from skills.execute import Outcome

BOX = Box(np.array([0.5, 0.3, 0.02]), 0.0, np.full(3, 0.02))
VIEW = SceneView(
    {"red block": BOX, "blue block": BOX, "green bowl": BOX},
    {"red block": frozenset({"block"}), "blue block": frozenset({"block"}), "green bowl": frozenset({"receptacle"})},
    (),
    None,
    Hand(np.zeros(3), 0.0, 0.08, False, np.zeros(4), False, False),
)
TEXTS = ("pick up the red block", "pick up the blue block", "put it in the green bowl")
CANDIDATES = (*(Candidate(text, text) for text in TEXTS), DONE)
WISH = "put the blue block in the bowl"


class Rules(WorldModel):
    """Knows the rules: an empty hand takes, a full one puts down; it is as sure of itself as it is told.

    :param sure: chance of what the rules say; the rest is that nothing changes.
    """

    def __init__(self, sure: float = 1.0):
        super().__init__()
        self.learned, self.sure, self.asked = {}, sure, 0

    def loss(self, executions: Sequence[Execution]) -> torch.Tensor:
        return torch.zeros(())

    def _worked(self, attempts: Sequence[tuple[Facts, str]]) -> list[float]:
        self.asked += len(attempts)
        return [float((facts.held is None) == skill.startswith("pick")) for facts, skill in attempts]

    def _changes(self, asked: Sequence[tuple[Facts, str, bool]]) -> list[np.ndarray]:
        return [self._change(*one) for one in asked]

    def _change(self, facts: Facts, skill: str, worked: bool) -> np.ndarray:
        options = choices(facts, skill)
        to = (skill[12:], HAND) if skill.startswith("pick") else (facts.held, "in the green bowl")
        chances = np.zeros(len(options))
        chances[options.index(to) if worked else 0] = self.sure
        chances[0] += 1 - self.sure
        return chances

    def _fulfilled(self, situations: Sequence[Situation]) -> list[float]:
        return [float(("blue block", "in the green bowl") in now.facts.places) for now in situations]


class Muddled:
    """A language that would rather take the wrong block, and then puts down what is in the hand, and is done."""

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        done = sum(step.outcome is not None and step.outcome.success for step in episode.steps)
        return np.log([[0.6, 0.35, 0.01, 0.04], [0.01, 0.01, 0.9, 0.08], [0.01, 0.01, 0.01, 0.97]][min(done, 2)])


class Body:
    """Two blocks, and a hand that does as it is told."""

    def perceive(self) -> SceneView:
        return VIEW

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        return CANDIDATES

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        return np.ones(len(candidates))

    def execute(self, candidate: Candidate) -> Outcome:
        return Outcome(True)


def meant(view: SceneView, candidate: Candidate) -> SceneView:
    """What is put down is seen no more."""
    held = candidate.text.removeprefix("pick up the ") if candidate.text.startswith("pick") else None
    return replace(view, held=held, boxes={n: box for n, box in view.boxes.items() if n != view.held})


def agent(depth: int, model: WorldModel | None = None, doubt: float = 0.5) -> Agent[Body]:
    found = Agent(Body(), Muddled())
    model = model or Rules()
    found.foresight = Lookahead(model, Dreamer([model], doubt), Muddled(), meant, depth) if depth else None
    return found


def start() -> Situation:
    return Rules().observe(VIEW, (), WISH)


def random_policy(situations: Sequence[Situation]) -> list[str]:
    return [TEXTS[i % 3] for i, _ in enumerate(situations)]


def test_looking_two_skills_ahead_finds_the_right_block() -> None:
    without, short, far = (agent(depth).decide(Episode(WISH)) for depth in (0, 1, 2))
    assert without.choice == short.choice == CANDIDATES[0] and far.choice == CANDIDATES[1]
    assert not without.imagined and far.product.sum() == pytest.approx(without.product.sum())
    assert np.array_equal(far.say, without.say) and np.array_equal(far.can, without.can)


def test_language_is_asked_about_what_would_be_seen() -> None:
    seen = []

    class Looking(Muddled):
        def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
            seen.append((view.held, len(view.boxes)))
            return super().log_probs(episode, view, candidates)

    model = Rules()
    foresight = Lookahead(model, Dreamer([model]), Looking(), meant, 3)
    foresight.judge(Episode(WISH), VIEW, CANDIDATES, np.array([1.0, 0.0, 0.0, 0.0]))
    assert seen == [("red block", 3), (None, 2)]


def test_the_tree_tells_what_was_imagined() -> None:
    tree = {branch.skill: branch for branch in agent(2).decide(Episode(WISH)).imagined}
    right = tree["pick up the blue block"]
    assert (
        right.chance == 1.0 and right.change == "blue block in the hand" and right.fulfilled == 0 and right.worth == 1
    )
    assert right.then[0].skill == "put it in the green bowl" and right.then[0].fulfilled == 1
    assert tree["pick up the red block"].worth == 0 and tree["done"].then == ()


def test_what_cannot_be_foreseen_changes_nothing() -> None:
    step = agent(2, Rules(sure=0.6), doubt=0.1).decide(Episode(WISH))
    foreseen = {branch.skill: branch.worked for branch in step.imagined}
    assert step.choice == CANDIDATES[0] and foreseen == {TEXTS[0]: None, TEXTS[1]: None, TEXTS[2]: False, "done": True}


def test_rollouts_go_as_deep_as_asked_and_end_where_all_is_done() -> None:
    dreamer, rng = Dreamer([Rules()]), np.random.default_rng(0)
    found = dreamer.roll_out([start()] * 3, random_policy, 1, rng)
    assert [step.skill for step in found] == list(TEXTS) and all(step.before == start() for step in found)
    way = iter(["pick up the blue block", "put it in the green bowl", "pick up the red block"])
    ended = dreamer.roll_out([start()], lambda now: [next(way)], 5, rng)
    assert [step.future.fulfilled for step in ended] == [0.0, 1.0]


def test_rollouts_stop_where_models_disagree() -> None:
    rng, sure, unsure = np.random.default_rng(0), Rules(), Rules(sure=0.2)
    assert Dreamer([sure, unsure], 0.5).roll_out([start()], random_policy, 3, rng) == []
    assert Dreamer([sure, unsure], 0.9).roll_out([start()], random_policy, 1, rng)
    several = [model.imagine([start()], [TEXTS[0]])[0] for model in (sure, unsure)]
    assert disagreement(several) == pytest.approx(0.8) and disagreement(several[:1]) == 0.0
    (only,) = several[0].futures
    half, never = (Forecast(1.0, (replace(only, fulfilled=chance),)) for chance in (0.5, 0.0))
    assert disagreement([half]) == pytest.approx(0.5) and disagreement([half, never]) == pytest.approx(0.5)


def test_the_report_shows_the_tree_beside_what_happened(tmp_path: Path) -> None:
    ahead, plain = agent(2).run(WISH), agent(0).run(WISH)
    for episode, name in ((ahead, "ahead.html"), (plain, "plain.html")):
        write_report(tmp_path / name, episode, None, "")
    page = (tmp_path / "ahead.html").read_text()
    assert "blue block in the hand" in page and "What really happened" in page
    assert "What really happened" not in (tmp_path / "plain.html").read_text()


def test_rehearsals_look_ahead_too_and_can_be_thinned() -> None:
    class Lazy:
        def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
            return np.log([0.99 if candidate == DONE else 0.01 / len(candidates) for candidate in candidates])

    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = hydra.compose("evaluate_language", ["agent.lookahead=1", "agent.world_models=[copy]", "every=60"])
    suite, language = load_suite("dev"), Lazy()
    with pytest.MonkeyPatch.context() as patch:
        asked: list[int] = []
        patch.setattr(
            "saycan.world_model.lookahead.Lookahead.judge",
            lambda self, episode, view, candidates, product: asked.append(1) or (product, ()),
        )
        plans = evaluate_language.rehearse(config, suite, library.load_all(), language, True)
    assert len(asked) == len(plans) and [p.instruction for p in plans] == [t.instruction for t in suite.tasks[::60]]


def test_settings_of_lookahead_are_checked() -> None:
    with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
        usual, right = hydra.compose("run"), hydra.compose("run", ["agent.lookahead=3"])
        wrong = [["agent.lookahead=6"], ["agent.lookahead=-1"], ["agent.lookahead=1", "agent=open_loop"]]
        refused = [hydra.compose("run", overrides) for overrides in wrong]
        other = [hydra.compose("run", [f"agent={name}"]) for name in ("open_loop", "no_affordance", "no_language")]
    assert usual.agent.lookahead == 0
    can = Body().success_probability
    assert isinstance(build_foresight(usual.agent, Muddled(), meant, can), NextStep)
    assert [build_foresight(one.agent, Muddled(), meant, can) for one in other] == [None] * 3
    check_agent(right)
    for one in refused:
        with pytest.raises(InputError, match="must be 0 to 5, with"):
            check_agent(one)

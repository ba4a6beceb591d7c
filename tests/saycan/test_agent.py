"""The loop, with a body and a language of a few lines: it knows interfaces, not PyBullet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.agent import Agent, Limits
from saycan.candidates import DONE
from saycan.select import combine, select
from saycan.types import Candidate, Episode, SceneView, Step
from sim.state import Hand
from skills.execute import Outcome

VIEW = SceneView({}, {}, (), None, Hand(np.zeros(3), 0.0, 0.08, False, np.zeros(4), False, False))
WALK, FLY = Candidate("walk", "walk"), Candidate("fly", "fly")


class Toy:
    """A body that can walk, cannot fly, and stumbles on some tries."""

    def __init__(self, stumbles: int = 0):
        self.stumbles, self.walked, self.looks = stumbles, 0, 0

    def perceive(self) -> SceneView:
        self.looks += 1
        return VIEW

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        return (WALK, FLY, DONE)

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        return np.array([0.9, 0.0, 1.0])

    def execute(self, candidate: Candidate) -> Outcome:
        assert candidate == WALK, "the toy was told to do what it cannot"
        self.stumbles -= 1
        self.walked += self.stumbles < 0
        return Outcome(self.stumbles < 0, 5)


class Wish:
    """A language that wants some probabilities before the first success, and done after it."""

    def __init__(self, before: Sequence[float]):
        self.before = before

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        walked = any(step.outcome and step.outcome.success for step in episode.steps)
        with np.errstate(divide="ignore"):
            return np.log(np.array([0.1, 0.1, 0.8]) if walked else np.array(self.before))


def test_what_is_useful_and_possible_is_done() -> None:
    told: list[Step] = []
    episode = Agent(Toy(), Wish([0.3, 0.7, 0.0])).run("get there", told.append)
    assert [step.choice for step in episode.steps] == [WALK, DONE]
    assert episode.outcome == "done" and episode.over
    assert [step.outcome is None for step in told] == [True, False, True]


def test_the_world_is_looked_at_before_every_decision() -> None:
    body = Toy(stumbles=1)
    episode = Agent(body, Wish([0.3, 0.7, 0.0])).run("get there")
    assert body.looks == len(episode.steps) == 3 and body.walked == 1


def test_what_fails_again_and_again_is_left_out_and_given_up() -> None:
    episode = Agent(Toy(stumbles=99), Wish([0.6, 0.4, 0.0]), Limits(tries=3)).run("get there")
    assert episode.outcome == "gave_up" and len(episode.steps) == 4
    assert "'walk' would be useful, but it has failed 3 times" in episode.reason
    assert episode.steps[-1].choice is None


def test_the_impossible_is_declined_without_a_motion() -> None:
    episode = Agent(Toy(), Wish([0.0, 1.0, 0.0])).run("fly")
    assert episode.outcome == "declined" and "'fly' would be useful, but I give it a chance of 0%" in episode.reason


def test_steps_are_limited() -> None:
    episode = Agent(Toy(stumbles=99), Wish([0.5, 0.5, 0.0]), Limits(steps=2, tries=9)).run("get there")
    assert episode.outcome == "gave_up" and len(episode.steps) == 2


def test_json_has_the_fixed_fields() -> None:
    data = Agent(Toy(), Wish([0.3, 0.7, 0.0])).run("get there").to_json()
    assert {"instruction", "outcome", "seconds", "steps"} <= set(data)
    first = data["steps"][0]
    assert first["choice"] == "walk" and first["success"] is True
    assert set(first["candidates"][0]) == {"skill", "say", "can", "product"}
    assert first["candidates"][0]["product"] == pytest.approx(0.3 * 0.9)


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0, 1)), min_size=1, max_size=9))
def test_the_product_is_bounded_by_both(pairs: list[tuple[float, float]]) -> None:
    weight, can = (np.array(column) for column in zip(*pairs, strict=True))
    say = weight / weight.sum()
    product = combine(np.log(say), can)
    assert np.allclose(product, say * can)
    chosen = select(product, 0.05)
    assert chosen is None or product[chosen] == product.max()
    assert np.allclose(combine(np.log(say), can, strength=0.0), say)

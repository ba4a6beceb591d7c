"""The prompt and the planner: what the language model is asked, and what its answers are made into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.affordance import SuccessValues
from saycan.candidates import DONE, propose
from saycan.language import prompt
from saycan.language.planner import Planner, Scoring
from saycan.language.prompt import Style
from saycan.language.unknown import unknown_things
from saycan.language.weights import ModelError, load
from saycan.perception import Oracle
from saycan.types import Candidate, Episode, SceneView, Step
from sim.geometry import Box
from sim.objects import find
from sim.state import Hand
from sim.tabletop import Tabletop
from skills.execute import Outcome
from skills.library import load_all
from skills.tasks import Target

NAMES = ["red block", "blue block", "green bowl"]
VIEW = SceneView(
    {name: Box(np.zeros(3), 0.0, np.full(3, 0.02)) for name in NAMES},
    {name: find(name).classes for name in NAMES},
    (("in", "red block", "green bowl"),),
    "blue block",
    Hand(np.zeros(3), 0.0, 0.08, False, np.zeros(4), False, False),
)
PICK = Candidate("pick", "pick up the red block", Target("red block"))


class CountsWords:
    """A scorer that likes texts whose words stand in the instruction."""

    def log_probs(self, prompt: str, texts: Sequence[str]) -> np.ndarray:
        said = prompt.rsplit("Human:", 1)[1].split("\n")[0].lower().split()
        return np.array([-5.0 + 4 * sum(word.strip(".") in said for word in text.split()[-1:]) for text in texts])


def test_the_prompt_tells_scene_and_history() -> None:
    episode = Episode("put the red\nblock away.")
    one = np.zeros(1)
    for success in (False, True):
        episode.steps.append(Step(VIEW, (PICK,), one, one, one, 0, Outcome(success)))
    tail = prompt.prompt(episode.instruction, episode, VIEW, Style(examples=0))
    assert "red block (in the green bowl), green bowl, in the hand: blue block" in tail
    assert (
        "Human: put the red block away.\nRobot:\n1. pick up the red block (failed)\n2. pick up the red block\n3."
        in tail
    )
    assert tail.endswith("3.")


@given(st.text(max_size=200))
def test_no_instruction_can_add_a_line_to_the_prompt(text: str) -> None:
    tail = prompt.prompt(text, Episode(text), VIEW, Style(examples=0))
    assert len(tail.splitlines()) == 4


@pytest.mark.parametrize(
    ("instruction", "names", "words"),
    [
        ("put the block in the bowl", [], []),
        ("put both cubes in the dish", [], []),
        ("put the elephant in the bowl", [], ["elephant"]),
        ("put the green block in the green bowl", ["green block"], []),
        ("put it in the pink bowl", ["pink bowl"], []),
        ("move it to the left side", [], []),
    ],
)
def test_unknown_things(instruction: str, names: list[str], words: list[str]) -> None:
    found = unknown_things(instruction, VIEW)
    assert found[0] == names
    assert [word for word in found[1] if word not in ("move", "put")] == words


@pytest.mark.parametrize(
    ("instruction", "drawer", "lacks"),
    [
        ("bring me the sponge from the drawer", 0.0, False),
        ("what is in the cabinet? a sponge? give it to me", 0.0, False),
        ("bring me the sponge from the drawer", 1.0, True),  # open, and nothing in it
        ("bring me the sponge", 0.0, True),
        ("bring me the sponge from the drawer", None, True),
    ],
)
def test_what_a_closed_drawer_may_hold_is_not_lacking(instruction: str, drawer: float | None, lacks: bool) -> None:
    names, _ = unknown_things(instruction, replace(VIEW, drawer=drawer))
    assert ("sponge" in names) == lacks


def test_phantoms_take_what_is_not_there() -> None:
    planner = Planner(CountsWords(), Scoring(prior=0.0, margin=0.0))
    known = np.exp(planner.log_probs(Episode("put the block away"), VIEW, [PICK, DONE]))
    unknown = np.exp(planner.log_probs(Episode("fetch the elephant"), VIEW, [PICK, DONE]))
    assert known.sum() > 0.9 and unknown.sum() < 0.1


def test_done_counts_less_while_something_that_is_named_has_not_been_touched() -> None:
    one = np.zeros(1)
    begun = [Step(VIEW, (PICK,), one, one, one, 0, Outcome(True))]
    moved = replace(VIEW, relations=(), boxes={**VIEW.boxes, "red block": Box(np.full(3, 0.3), 0.0, np.full(3, 0.02))})

    def done(overlooked: float, view: SceneView, said: str, steps: list[Step]) -> float:
        planner = Planner(CountsWords(), Scoring(prior=0.0, phantoms=False, overlooked=overlooked))
        pick, done = planner.log_probs(Episode(said, steps), view, [PICK, DONE])
        return float(done - pick)

    usual = done(0.0, VIEW, "take the red block", begun)
    assert done(1.5, VIEW, "take the red block", begun) == pytest.approx(usual - 1.5)
    assert done(1.5, moved, "take the red block", begun) == pytest.approx(usual)  # it has been touched
    assert done(1.5, VIEW, "take the red block", []) == pytest.approx(usual)  # it may be so already
    assert done(1.5, VIEW, "take the lemon", begun) == pytest.approx(done(0.0, VIEW, "take the lemon", begun))


@given(st.text(min_size=1, max_size=80))
def test_probabilities_are_probabilities(text: str) -> None:
    say = np.exp(Planner(CountsWords()).log_probs(Episode(text), VIEW, [PICK, DONE]))
    assert np.all(say >= 0) and say.sum() <= 1 + 1e-9


@pytest.mark.parametrize("model", ["/nowhere/model.gguf", "/nowhere"])
def test_a_missing_model_is_said_in_one_sentence(model: str) -> None:
    with pytest.raises(ModelError) as error:
        load(model)
    assert "\n" not in str(error.value)


def test_an_empty_hand_can_put_nothing_down_and_a_full_one_picks_nothing_up(world: Tabletop) -> None:
    library, body = load_all(), Oracle()
    for held in (None, "red block"):
        view = replace(body.look(world), held=held)
        candidates = propose(library, view)
        can = SuccessValues(library, done=1.0).success_probability(view, candidates)
        for candidate, chance in zip(candidates, can, strict=True):
            needs_full = candidate.skill.startswith("place")
            if candidate.skill != "done" and needs_full != (held is not None):
                assert chance == 0.0, candidate
        assert can.max() > 0.5 and can[-1] == 1.0


def test_what_the_catalogue_knows_and_the_scene_lacks_is_noticed() -> None:
    names, _ = unknown_things("bring me the coke can and the red block", VIEW)
    assert "coke can" in names and "red block" not in names

"""What cannot be finished is not begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from saycan.agent import Agent, Limits
from saycan.candidates import DONE
from saycan.next_step import NextStep
from saycan.types import Candidate, Episode, SceneView
from sim.geometry import Box
from sim.state import Hand
from skills.execute import Outcome
from skills.tasks import Target

BOX = Box(np.array([0.5, 0.3, 0.02]), 0.0, np.full(3, 0.02))
VIEW = SceneView(
    {"red block": BOX, "green bowl": BOX},
    {"red block": frozenset({"block"}), "green bowl": frozenset({"receptacle"})},
    (),
    None,
    Hand(np.zeros(3), 0.0, 0.08, False, np.zeros(4), False, False),
)
TAKE = Candidate("pick", "pick up the red block", Target("red block"))
PUT = Candidate("place_in", "put it in the green bowl", Target("green bowl"))
CANDIDATES = (TAKE, PUT, DONE)


class TakesAndPuts:
    """Take it, put it in the bowl, done; or, asked to, only take it."""

    def __init__(self) -> None:
        self.asked = 0

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        self.asked += 1
        done = sum(step.outcome is not None and step.outcome.success for step in episode.steps)
        done += 2 * (done == 1 and episode.instruction == "take the block")
        return np.log([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.01, 0.01, 0.98], [0.01, 0.01, 0.98]][done])


class Table:
    """A block within reach, and a bowl that may be out of it.

    :param bowl: chance that something can be put there.
    """

    def __init__(self, bowl: float):
        self._bowl, self.view, self.did = bowl, VIEW, list[str]()

    def perceive(self) -> SceneView:
        return self.view

    def propose(self, view: SceneView) -> tuple[Candidate, ...]:
        return CANDIDATES

    def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        return np.array([0.95, 0.0, 0.5] if view.held is None else [0.0, self._bowl, 0.5])

    def execute(self, candidate: Candidate) -> Outcome:
        self.did.append(candidate.text)
        self.view = meant(self.view, candidate)
        return Outcome(True)


def meant(view: SceneView, candidate: Candidate) -> SceneView:
    return replace(view, held="red block" if candidate == TAKE else None)


def run(bowl: float, instruction: str = "put the block in the bowl", ahead: bool = True) -> tuple[str, list[str], int]:
    table, language = Table(bowl), TakesAndPuts()
    agent = Agent(table, language, Limits(decline=0.2, least=0.01))
    agent.foresight = NextStep(language, meant, table.success_probability) if ahead else None
    episode = agent.run(instruction)
    assert episode.outcome != "declined" or "not what would have to follow it" in episode.reason
    return str(episode.outcome), table.did, language.asked


def test_nothing_is_taken_for_a_bowl_that_is_out_of_reach() -> None:
    assert run(0.02) == ("declined", [], 2)
    assert run(0.02, ahead=False)[1][0] == TAKE.text  # without a look ahead it begins


def test_what_can_be_finished_is_done_as_always_and_asked_once_more() -> None:
    assert run(0.9) == ("done", [TAKE.text, PUT.text], 4)
    assert run(0.9, ahead=False) == ("done", [TAKE.text, PUT.text], 3)


def test_taking_something_alone_needs_no_bowl() -> None:
    assert run(0.0, "take the block")[:2] == ("done", [TAKE.text])


@pytest.mark.parametrize("held", [None, "red block"])
def test_only_the_best_is_judged_and_only_at_first(held: str | None) -> None:
    table, language = Table(0.0), TakesAndPuts()
    foresight = NextStep(language, lambda view, candidate: replace(view, held=held), table.success_probability)
    product = np.array([0.8, 0.1, 0.05])
    judged, imagined = foresight.judge(Episode("put it away"), VIEW, CANDIDATES, product)
    assert imagined == () and judged[1:].tolist() == product[1:].tolist()
    assert judged[0] == (pytest.approx(0.8 * 0.05) if held else 0.8) and product[0] == 0.8
    begun = Episode("put it away", list(Agent(table, language).run("take the block").steps))
    assert foresight.judge(begun, VIEW, CANDIDATES, product)[0] is product
    done = np.array([0.1, 0.1, 0.5])
    assert foresight.judge(Episode("put it away"), VIEW, CANDIDATES, done)[0] is done


def test_what_is_there_already_is_not_taken_to_be_put_back() -> None:
    table, language = Table(0.9), TakesAndPuts()
    inside = table.view = replace(VIEW, relations=(("in", "red block", "green bowl"),))

    def put_in(view: SceneView, candidate: Candidate) -> SceneView:
        return replace(VIEW, held="red block") if candidate == TAKE else inside

    agent = Agent(table, language, Limits(decline=0.2, least=0.01))
    agent.foresight = NextStep(language, put_in, table.success_probability)
    episode = agent.run("the block should be in the bowl")
    assert episode.outcome == "done" and table.did == []  # it is not declined for that either
    table.view = replace(VIEW, relations=(("in", "red block", "blue bowl"),))  # in another one
    assert agent.decide(Episode("the block should be in the bowl")).choice == TAKE


def test_what_stands_on_that_part_of_the_table_is_not_put_there() -> None:
    left = Candidate("place_at", "put it on the left side", Target("left side"))
    product, candidates = np.array([0.8, 0.1, 0.1]), (TAKE, left, DONE)
    foresight = NextStep(TakesAndPuts(), meant, lambda view, which: np.array([0.0, 0.9, 0.5]))
    for y, taken in ((0.3, False), (0.0, True)):
        view = replace(VIEW, boxes={**VIEW.boxes, "red block": Box(np.array([0.5, y, 0.02]), 0.0, np.full(3, 0.02))})
        judged, _ = foresight.judge(Episode("put it on the left"), view, candidates, product)
        assert (judged[0] > 0) == taken and (taken or judged.sum() == pytest.approx(product.sum()))

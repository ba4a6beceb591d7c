"""What cannot be finished is not begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saycan.agent import Agent, Limits
from saycan.candidates import DONE
from saycan.next_step import NextStep, discounted
from saycan.types import Candidate, Episode, SceneView, Step
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
        assert int(np.argmax(judged)) == (0 if taken else 2) and judged.sum() > 0.2


class Sways:
    """Would put the block back into the red bowl, or else into the green one.

    :param back: how likely it is to be put back.
    """

    def __init__(self, back: float):
        self._back = back

    def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
        put = [0.02, 0.96 - self._back, self._back, 0.02]
        return np.log([[0.6, 0.05, 0.05, 0.3], put, [0.01, 0.01, 0.01, 0.97]][min(len(episode.steps), 2)])


BACK = Candidate("place_in", "put it in the red bowl", Target("red bowl"))


def where_it_goes(back: float) -> list[str]:
    """What is done with a block that lies in the red bowl."""
    lies = replace(VIEW, boxes={**VIEW.boxes, "red bowl": BOX}, relations=(("in", "red block", "red bowl"),))

    def lead(view: SceneView, candidate: Candidate) -> SceneView | None:
        if candidate == TAKE:
            return replace(lies, held="red block", relations=())
        assert candidate.target is not None
        return replace(lies, relations=(("in", "red block", candidate.target.name),))

    class Bowls(Table):
        def propose(self, view: SceneView) -> tuple[Candidate, ...]:
            return (TAKE, PUT, BACK, DONE)

        def success_probability(self, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
            return np.array([0.95, 0.0, 0.0, 0.5] if view.held is None else [0.0, 0.9, 0.9, 0.5])

        def execute(self, candidate: Candidate) -> Outcome:
            self.did.append(candidate.text)
            after = lead(self.view, candidate)
            assert after is not None
            self.view = after
            return Outcome(True)

    table, language = Bowls(0.9), Sways(back)
    table.view = lies
    agent = Agent(table, language, Limits(decline=0.2, least=0.01))
    agent.foresight = NextStep(language, lead, table.success_probability)
    agent.run("swap the contents of the bowls")
    return table.did


def test_where_it_sways_what_was_taken_goes_elsewhere() -> None:
    assert where_it_goes(0.5) == [TAKE.text, PUT.text]  # half of 0.95 * 0.6 is more than 0.5 * 0.3
    assert where_it_goes(0.2) == [TAKE.text, PUT.text]
    assert where_it_goes(0.9) == []


def test_what_comes_after_what_is_so_already_is_begun_with() -> None:
    """Both are wanted in the bowl, the red one first; there it is."""
    other = Candidate("pick", "pick up the blue block", Target("blue block"))
    candidates = (TAKE, other, PUT, DONE)
    view = replace(VIEW, boxes={**VIEW.boxes, "blue block": BOX}, relations=(("in", "red block", "green bowl"),))

    class Both:
        def log_probs(self, episode: Episode, view: SceneView, candidates: Sequence[Candidate]) -> np.ndarray:
            put = [0.01, 0.01, 0.97, 0.01]
            return np.log([[0.9, 0.04, 0.01, 0.05], put, [0.01, 0.95, 0.01, 0.03], put][len(episode.steps)])

    def lead(view: SceneView, candidate: Candidate) -> SceneView | None:
        assert candidate.target is not None
        if candidate == PUT:
            return replace(view, held=None, relations=(("in", str(view.held), "green bowl"),))
        return replace(view, held=candidate.target.name, relations=())

    foresight = NextStep(Both(), lead, lambda seen, which: np.array([0.9, 0.9, 0.9, 0.5]))
    product = np.array([0.81, 0.036, 0.0, 0.025])
    judged, _ = foresight.judge(Episode("both in the bowl"), view, candidates, product)
    assert int(np.argmax(judged)) == 1 and judged[0] == judged[2] == 0


def test_what_is_surely_wanted_back_goes_back() -> None:
    view = replace(VIEW, held="red block", relations=())
    before = replace(VIEW, relations=(("in", "red block", "green bowl"),))
    none = np.zeros(0)
    taken = Step(before, CANDIDATES, none, none, none, 0, Outcome(True))
    foresight = NextStep(TakesAndPuts(), lambda v, c: before, lambda v, c: np.ones(3))
    for product, judged in (([0.0, 0.8, 0.01], [0.0, 0.8, 0.01]), ([0.0, 0.5, 0.3], [0.0, 0.0, 0.8])):
        failed = Step(view, CANDIDATES, none, none, none, 1, Outcome(False))
        for steps in ([taken], [taken, failed]):
            found, _ = foresight.judge(Episode("put it back", steps), view, CANDIDATES, np.array(product))
            assert found == pytest.approx(judged)


@given(st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6), st.floats(0.0, 1.0))
def test_what_is_taken_off_is_not_lost(product: list[float], share: float) -> None:
    judged = discounted(np.array(product), 0, share)
    assert judged.sum() == pytest.approx(sum(product))
    assert judged[0] / judged[1] == pytest.approx(product[0] * (1 - share) / product[1])

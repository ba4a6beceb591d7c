"""What was put somewhere and is not there any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from saycan.candidates import DONE
from saycan.language.planner import Planner, Scoring
from saycan.language.undone import undone
from saycan.types import Candidate, Episode, SceneView, Step
from sim.geometry import Box
from sim.objects import find
from sim.state import Hand
from skills.execute import Outcome
from skills.tasks import Target
from tests.saycan.test_language import CountsWords

RED, BLUE, BOWL = "red block", "blue block", "green bowl"
PLACES = {RED: (0.4, 0.2, 0.02), BLUE: (0.6, 0.0, 0.02), BOWL: (0.5, -0.2, 0.03)}
ON_BLUE, ASIDE = (0.6, 0.0, 0.06), (0.67, 0.05, 0.02)
ZERO = np.zeros(1)


def view(held: str | None = None, facts: tuple[tuple[str, str, str], ...] = (), **moved: object) -> SceneView:
    places: Mapping[str, object] = {**PLACES, **{name.replace("_", " "): spot for name, spot in moved.items()}}
    boxes = {name: Box(np.array(spot), 0.0, np.full(3, 0.02)) for name, spot in places.items()}
    hand = Hand(np.zeros(3), 0.0, 0.08, False, np.zeros(4), False, False)
    return SceneView(boxes, {name: find(name).classes for name in boxes}, facts, held, hand)


def did(before: SceneView, skill: str, target: str, success: bool = True) -> Step:
    choice = Candidate(skill, f"{skill} {target}", Target(target))
    return Step(before, (choice,), ZERO, ZERO, ZERO, 0, Outcome(success))


TAKEN = did(view(), "pick", RED)
STANDING = view(None, (("on", RED, BLUE),), red_block=ON_BLUE)


@pytest.mark.parametrize(
    ("steps", "now", "found"),
    [
        ([TAKEN, did(view(RED), "place_on", BLUE)], STANDING, []),
        ([TAKEN, did(view(RED), "place_on", BLUE), did(STANDING, "push", BOWL)], STANDING, []),
        ([TAKEN, did(view(RED), "place_on", BLUE), did(STANDING, "push", BOWL)], view(red_block=ASIDE), [RED]),
        ([TAKEN, did(view(RED), "place_on", BLUE, success=False)], view(red_block=ASIDE), [RED]),
        ([TAKEN, did(view(RED), "place_on", BLUE, success=False)], STANDING, []),
        ([TAKEN, did(view(RED), "place_on", BLUE)], view(red_block=ON_BLUE), []),  # sight errs: the skill is believed
        ([TAKEN, did(view(RED), "place_on", BLUE), did(STANDING, "pick", RED)], view(RED), []),  # taken again
        ([TAKEN, did(view(RED), "place_on", BLUE), did(STANDING, "push", RED)], view(red_block=ASIDE), []),  # pushed
        ([TAKEN, did(view(RED), "place_in", BOWL, success=False)], view(red_block=ASIDE), [RED]),
        ([TAKEN, did(view(RED), "place_at", "left side", success=False)], view(red_block=(0.6, 0.3, 0.02)), []),
        ([TAKEN, did(view(RED), "place_at", "left side", success=False)], view(red_block=ASIDE), [RED]),
        ([TAKEN, did(view(RED), "place_at", "left side", success=False)], view(RED), []),  # still in the hand
        ([], view(), []),
    ],
)
def test_what_has_fallen_is_undone(steps: list[Step], now: SceneView, found: list[str]) -> None:
    assert undone(Episode("stack them", steps), now) == found


def test_what_is_not_seen_at_all_is_not_undone() -> None:
    now = view()
    gone = replace(now, boxes={name: box for name, box in now.boxes.items() if name != RED})
    steps = [TAKEN, did(view(RED), "place_in", BOWL, success=False)]
    assert undone(Episode("stack them", steps), now) == [RED] and undone(Episode("stack them", steps), gone) == []


def test_done_counts_less_while_something_is_undone() -> None:
    steps = [TAKEN, did(view(RED), "place_on", BLUE, success=False)]
    candidates = [Candidate("pick", "pick up the red block", Target(RED)), DONE]

    def done(weight: float, now: SceneView) -> float:
        planner = Planner(CountsWords(), Scoring(prior=0.0, phantoms=False, undone=weight))
        pick, done = planner.log_probs(Episode("stack them", steps), now, candidates)
        return float(done - pick)

    assert done(2.0, view(red_block=ASIDE)) == pytest.approx(done(0.0, view(red_block=ASIDE)) - 2.0)
    assert done(2.0, STANDING) == pytest.approx(done(0.0, STANDING))

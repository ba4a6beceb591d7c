"""What fell down is not told as done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from saycan.candidates import propose
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.suite import start_state
from saycan.language.prompt import history, prompt
from saycan.language.undone import undone
from saycan.learning.transcripts import STYLE
from saycan.perception import view_of
from saycan.types import Episode, SceneView, Step
from sim.scenes import SceneSpec
from skills import library
from skills.execute import Outcome

LIBRARY = library.load_all()
SCENE = SceneSpec(objects=["red block", "blue block", "green block", "lemon"], seed=3)
TOWER = ["pick up the red block", "put it on the blue block", "pick up the green block", "put it on the red block"]
LEMON = ["pick up the lemon", "put it on the left side"]


def episode(*said: str) -> tuple[Episode, SceneView]:
    """What was done in rehearsal, and what is seen then; "!" before a skill: it fails, and what it held lies where it lay."""
    body, made = Rehearsal(start_state(SCENE), LIBRARY, values=False), Episode("stack them", [])
    for text in said:
        view = body.perceive()
        candidates = propose(LIBRARY, view)
        choice = next(i for i, c in enumerate(candidates) if c.text == text.removeprefix("!"))
        success = not text.startswith("!")
        if success:
            assert body.execute(candidates[choice]).success
        else:
            body.now = replace(body.now, held=None)
        none = np.zeros(0)
        made.steps.append(Step(view, candidates, none, none, none, choice, Outcome(success)))
    return made, body.perceive()


def without(view: SceneView, *fallen: str) -> SceneView:
    return replace(view, relations=tuple(fact for fact in view.relations if fact[1] not in fallen))


@pytest.mark.parametrize(
    ("said", "fallen", "told"),
    [
        (TOWER, [], TOWER),
        (TOWER, ["green block"], TOWER[:2]),
        (TOWER, ["red block", "green block"], []),
        ([*TOWER, *LEMON], ["green block"], [*TOWER[:2], *LEMON]),
        ([*TOWER[:3], f"!{TOWER[3]}"], ["red block"], []),  # it was knocked over by what should have gone on it
        ([*TOWER[:3], f"!{TOWER[3]}"], [], [*TOWER[:3], f"{TOWER[3]} (failed)"]),
        ([*TOWER[:2], TOWER[0]], [], [*TOWER[:2], TOWER[0]]),  # taken again: it says so itself
        ([*TOWER[:2], TOWER[2]], ["red block"], [TOWER[2]]),
        (LEMON, ["lemon"], LEMON),
    ],
)
def test_what_fell_is_not_told_as_done(said: list[str], fallen: list[str], told: list[str]) -> None:
    made, view = episode(*said)
    view = without(view, *fallen)
    assert history(made, undone(made, view)) == told
    lines = [line for line in prompt("stack them", made, view, STYLE).splitlines() if line[:1].isdigit()]
    assert [line.split(". ", 1)[1] for line in lines[:-1]] == told and lines[-1] == f"{len(told) + 1}."


def test_what_is_not_seen_may_be_hidden() -> None:
    made, view = episode(*TOWER)
    view = replace(without(view, "green block"), boxes={n: b for n, b in view.boxes.items() if n != "green block"})
    assert not undone(made, view)


def test_whatever_is_looked_at_the_scene_is_that_of_the_beginning() -> None:
    made, view = episode(*TOWER)
    told = prompt("stack them", made, without(view, "red block", "green block"), STYLE)
    assert (
        told.splitlines()[0]
        == prompt("stack them", Episode("stack them"), view_of(start_state(SCENE)), STYLE).splitlines()[0]
    )

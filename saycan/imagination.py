"""What a skill is meant to lead to, from what is seen: the next view in the head, without a look at the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from saycan.perception import view_of
from saycan.types import Candidate, SceneView
from sim.objects import Thing
from sim.state import WorldState

if TYPE_CHECKING:  # it imports PyTorch
    from skills.library import Skill

Meant = Callable[[SceneView, Candidate], SceneView | None]
"""From what is seen to what would be seen after a skill that does what it is meant to; None: it could not."""


def imagine(library: Mapping[str, Skill], view: SceneView, candidate: Candidate) -> SceneView | None:
    """The view that a skill is meant to lead to; None: none, as far as that can be told without trying."""
    assert candidate.target is not None, "done is not a skill"
    after = library[candidate.skill].task.meant(state_of(view), candidate.target)
    return None if after is None else replace(view_of(after), scores=view.scores)


def state_of(view: SceneView) -> WorldState:
    """The world as if what is seen were true. Nothing is read but the view: of its things only name, size and words are known."""
    things = {name: _thing(name, view) for name in view.boxes}
    return WorldState(things, dict(view.boxes), view.hand, view.held, drawer=view.drawer)


def _thing(name: str, view: SceneView) -> Thing:
    x, y, z = (float(side) for side in view.boxes[name].half)
    return Thing(name, name, "box", (x, y, z), 0.0, (0.0, 0.0, 0.0), view.classes[name])

"""Look at the world: from what can be sensed to a ``SceneView``.

``Oracle`` reads the simulator's truth. A camera takes its place by the same two methods (``configs/perception/``).
"""

from __future__ import annotations

from typing import Protocol

from saycan.types import SceneView
from sim.relations import is_in, is_on
from sim.state import WorldState
from sim.tabletop import Tabletop
from skills.observation import Sight


class Perception(Protocol):
    """What the agent needs of any perception."""

    def look(self, world: Tabletop) -> SceneView:
        """The scene as it is now, for deciding."""

    def track(self, world: Tabletop) -> Sight:
        """What a running skill may know."""


class Oracle:
    """Perfect perception, for simulation only."""

    def look(self, world: Tabletop) -> SceneView:
        """The true scene."""
        return view_of(world.state())

    def track(self, world: Tabletop) -> Sight:
        """The true places."""
        state = world.state()
        return Sight(state.hand, state.boxes, state.held, state.drawer)


def view_of(state: WorldState) -> SceneView:
    """The view that perfect perception would have of a state."""
    return SceneView(
        boxes=state.boxes,
        classes={name: thing.classes for name, thing in state.things.items()},
        relations=relations(state),
        held=state.held,
        hand=state.hand,
        drawer=state.drawer,
    )


def relations(state: WorldState) -> tuple[tuple[str, str, str], ...]:
    """Which thing is in or on which."""
    facts = []
    for a, box in state.boxes.items():
        for b, other in state.boxes.items():
            if a == b or a == state.held or state.things[a].is_fixture:
                continue
            if state.things[b].is_receptacle and is_in(box, other):
                facts.append(("in", a, b))
            elif is_on(box, other):
                facts.append(("on", a, b))
    return tuple(facts)

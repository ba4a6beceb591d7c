"""Perfect perception: reads the simulator's truth. For simulation, measuring and ablation only."""

from __future__ import annotations

from saycan.perception.base import relations
from saycan.types import SceneView
from sim.state import WorldState
from sim.tabletop import Tabletop
from skills.observation import Sight


class Oracle:
    """Sees everything as it is."""

    def look(self, world: Tabletop) -> SceneView:
        """The true scene."""
        return view_of(world.state())

    def track(self, world: Tabletop) -> Sight:
        """The true places."""
        state = world.state()
        return Sight(state.hand, state.boxes, state.held, state.drawer)


def view_of(state: WorldState) -> SceneView:
    """The view that perfect perception would have of a state."""
    classes = {name: thing.classes for name, thing in state.things.items()}
    return SceneView(
        boxes=state.boxes,
        classes=classes,
        relations=relations(state.boxes, classes, state.held),
        held=state.held,
        hand=state.hand,
        drawer=state.drawer,
    )

"""What every perception is, and the facts that follow from where things are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from saycan.types import SceneView
from sim.geometry import Box
from sim.relations import is_in, is_on
from sim.tabletop import Tabletop
from skills.observation import Sight


class Perception(Protocol):
    """What the agent needs of any perception."""

    def look(self, world: Tabletop) -> SceneView:
        """The scene as it is now, for deciding."""

    def track(self, world: Tabletop) -> Sight:
        """What a running skill may know."""


def relations(
    boxes: Mapping[str, Box], classes: Mapping[str, frozenset[str]], held: str | None
) -> tuple[tuple[str, str, str], ...]:
    """Which thing is in or on which."""
    facts = []
    for a, box in boxes.items():
        for b, other in boxes.items():
            if a in (b, held) or "fixture" in classes[a]:
                continue
            if "receptacle" in classes[b] and is_in(box, other):
                facts.append(("in", a, b))
            elif is_on(box, other):
                facts.append(("on", a, b))
    return tuple(facts)

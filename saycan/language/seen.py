"""What can be spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from saycan.types import SceneView
from sim.geometry import Box


@dataclass(frozen=True)
class Seen:
    """A scene as an instruction may speak of it.

    :param names: what stands or lies somewhere, from left to right; neither the drawer nor what is in the hand.
    """

    view: SceneView
    names: Sequence[str]

    def box(self, name: str) -> Box:
        """Where a thing is."""
        return self.view.boxes[name]

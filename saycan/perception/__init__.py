"""Look at the world: from what can be sensed to a ``SceneView``."""

from saycan.perception.base import Perception
from saycan.perception.oracle import Oracle, view_of

__all__ = ["Oracle", "Perception", "view_of"]

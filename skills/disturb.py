"""What a careless bystander does: moves the thing that a skill is about, knocks it out of the hand, shoves the drawer."""

from __future__ import annotations

import numpy as np

from sim.cabinet import NAME as DRAWER
from sim.tabletop import Tabletop


def disturb(world: Tabletop, target: str, rng: np.random.Generator) -> str:
    """Disturb a world once.

    :param target: the thing that the running skill is about.
    :return: what was done, for people; empty if there was nothing to disturb.
    """
    state = world.state()
    name = state.held or target
    if name == DRAWER:
        world.slide_drawer(float(rng.uniform(0.0, 1.0)))
        return "the drawer was shoved"
    if name not in state.boxes:
        return ""
    box = state.boxes[name]
    angle, far = rng.uniform(-np.pi, np.pi), rng.uniform(0.06, 0.15)
    spot = np.clip(box.position[:2] + far * np.array([np.cos(angle), np.sin(angle)]), [0.2, -0.5], [0.95, 0.5])
    height = state.things[name].size[2]
    while any(b.covers(spot, -0.02) for other, b in state.boxes.items() if other != name) and height < 0.4:
        height += 0.02  # above what stands there
    world.move(name, np.array([*spot, height + 0.002]), float(rng.uniform(-np.pi / 2, np.pi / 2)))
    return f"the {name} was {'knocked out of the hand' if state.held else 'moved'}"

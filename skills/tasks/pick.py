"""Pick up a thing: it ends between the fingers, 10 cm above where it was."""

from __future__ import annotations

import numpy as np

from sim.scenes import stacked, standing
from sim.state import WorldState
from skills.observation import finger_turn
from skills.tasks import starts
from skills.tasks.base import Start, Task, closeness, descent

LIFT = 0.10  # metres


class Pick(Task):
    """``pick up the {thing}``. The hand must be empty at the start."""

    name = "pick"
    phrase = "pick up the {thing}"

    def start(self, rng: np.random.Generator) -> Start:
        """A block on the table, in a bowl, or on another block, with others around."""
        block = starts.things(rng, "block", 1)
        layout = starts.scatter(rng, block)
        where = rng.random()
        if where < 0.2:
            bowl = starts.things(rng, "bowl", 1)
            layout = starts.scatter(rng, bowl)
            centre = layout[bowl[0].name].position
            offset = rng.uniform(-0.012, 0.012, size=2)
            layout[block[0].name] = standing(block[0], centre[:2] + offset, starts.any_yaw(rng), 0.007)
        elif where < 0.35:
            below = next(thing for thing in starts.things(rng, "block", 3) if thing.name != block[0].name)
            spot = layout[block[0].name].position[:2]
            tower = stacked([below, block[0]], spot, starts.any_yaw(rng))
            layout = {placement.thing.name: placement for placement in tower}
        layout = starts.clutter(rng, layout)
        return Start(layout, block[0].name, starts.hand_above(rng), starts.any_yaw(rng))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Out of reach, too wide, a bowl, below another block, against another thing, hand full."""
        case = rng.integers(7)
        if case == 0:
            layout = starts.scatter(rng, starts.things(rng, "block", 1), anywhere=True)
        elif case == 1:
            layout = starts.scatter(rng, [starts.things(rng, "block", 1)[0].scaled(float(rng.uniform(1.2, 3.0)))])
        elif case == 2:
            layout = starts.scatter(rng, starts.things(rng, "bowl", 1), anywhere=bool(rng.random() < 0.3))
        elif case == 3:
            pair = starts.things(rng, "block", 2)
            spot = rng.uniform([0.32, -0.33], [0.67, 0.33])
            layout = {p.thing.name: p for p in stacked(pair, spot, starts.any_yaw(rng))}
        elif case == 4:
            pair = starts.things(rng, "block", 2)
            layout = starts.scatter(rng, pair[:1])
            first = layout[pair[0].name]
            angle, gap = rng.uniform(-np.pi, np.pi), rng.uniform(0.0, 0.03)
            away = (pair[0].size[0] + pair[1].size[0] + gap) * np.array([np.cos(angle), np.sin(angle)])
            layout[pair[1].name] = standing(pair[1], first.position[:2] + 1.2 * away, first.yaw)
        else:
            return self._hand_full(rng)
        target = next(iter(layout))
        layout = starts.clutter(rng, layout)
        return Start(layout, target, starts.hand_above(rng), starts.any_yaw(rng))

    def _hand_full(self, rng: np.random.Generator) -> Start:
        pair = starts.things(rng, "block", 2)
        layout = starts.clutter(rng, starts.scatter(rng, pair))
        target = pair[int(rng.integers(2))].name  # half of the time what is held already
        hand = starts.hand_above(rng, lowest=0.16)
        return Start(
            layout,
            target if target in layout else pair[0].name,
            hand,
            starts.any_yaw(rng),
            pair[0].name,
            starts.any_grip(rng),
        )

    def reward(self, start: WorldState, now: WorldState, target: str) -> float:
        box, hand = now.boxes[target], now.hand
        near = closeness(descent(box.position - hand.position))
        square = closeness(abs(finger_turn(hand.yaw, box)[0]), 2.0)
        held = now.held == target
        lift = np.clip((box.position[2] - start.boxes[target].position[2]) / LIFT, 0, 1) if held else 0.0
        return float(0.2 * (0.25 * near + 0.1 * near * square + 0.5 * held + lift))

    def success(self, start: WorldState, now: WorldState, target: str) -> bool:
        lifted = now.boxes[target].position[2] - start.boxes[target].position[2] >= LIFT
        return bool(start.held is None and now.held == target and lifted)

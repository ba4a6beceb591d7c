"""Put what is in the hand down in a region of the table, on a free spot."""

from __future__ import annotations

import numpy as np

from sim.geometry import Box
from sim.layout import Layout, is_clear, standing
from sim.relations import REGIONS, is_at, region_box
from sim.state import WorldState
from skills.observation import Focus, Sight
from skills.tasks import effects, starts
from skills.tasks.base import Start, Target
from skills.tasks.place import Place, hand_over
from skills.tasks.room import free_spot

_LOW = 0.03  # metres above the table, or above flat things on it, from which letting go is putting down


class PlaceAt(Place):
    """``put it on the {region}``: on a free spot of the table there."""

    name = "place_at"
    phrase = "put it on the {region}"
    penalty = 2.0

    def focus(self, sight: Sight, target: Target) -> Focus:
        """The spot of the region with the most room, chosen when the skill begins."""
        spot = free_spot(region_box(target.name), [b for name, b in sight.boxes.items() if name != sight.held])
        return lambda boxes: spot

    def related(self, thing: Box, name: str, now: WorldState, target: Target) -> bool:
        return is_at(thing, target.name) and thing.bottom < _LOW

    def goal_point(self, thing: Box, start: WorldState, now: WorldState, target: Target) -> np.ndarray:
        spot = self.focus(Sight(start.hand, start.boxes, start.held), target)(start.boxes)
        return spot.position + np.array([0.0, 0.0, float(thing.half[2])])

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """It stands on the free spot."""
        spot = self.focus(Sight(now.hand, now.boxes, now.held), target)(now.boxes)
        return effects.put_down(now, spot.position, 0.0)

    def start(self, rng: np.random.Generator) -> Start:
        """Something in the hand, things on the table."""
        return self.among_clutter(rng, {}, starts.thing(rng), Target(str(rng.choice(REGIONS))))

    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """Hand empty, or a region that is full of things that others would topple on."""
        target = Target(str(rng.choice(REGIONS)))
        if rng.random() < 0.6:
            start = self.among_clutter(rng, {}, None, target)
            return hand_over(start, region_box(target.name), rng) if rng.random() < 0.5 else start
        layout: Layout = {}
        region = region_box(target.name)
        for _ in range(int(rng.integers(3, 10))):
            item = starts.thing(rng, ("bowl", "bin", "coke can", "block", "apple", "cup"), layout)
            spot = rng.uniform(region.position[:2] - region.half[:2], region.position[:2] + region.half[:2])
            placement = standing(item, spot, starts.any_yaw(rng))
            if is_clear(placement, layout.values(), 0.005):
                layout[item.name] = placement
        return self.among_clutter(rng, layout, starts.thing(rng, without=layout), target, most=0)

"""What skills are meant to bring about, as geometry: for judging plans and rehearsing them, never for acting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim import cabinet
from sim.geometry import Box
from sim.panda import MAX_OPENING, WORKSPACE_HIGH, WORKSPACE_LOW
from sim.relations import is_in, is_on, is_open
from sim.state import Hand, WorldState
from skills.grasp import finger_turn, grasp_point

_LIFTED, _ABOVE = 0.15, 0.08  # metres
_SLACK = 0.03  # metres beyond the workspace that the fingers may still get hold of something


def within_reach(box: Box) -> bool:
    """Whether the hand can get to a box."""
    low, high = WORKSPACE_LOW[:2] - _SLACK, WORKSPACE_HIGH[:2] + _SLACK
    return bool(np.all(box.position[:2] > low) and np.all(box.position[:2] < high))


def is_free(now: WorldState, name: str) -> bool:
    """Whether nothing lies on a thing and it is not shut in."""
    box = now.boxes[name]
    burdened = any(is_on(other, box) for key, other in now.boxes.items() if key not in (name, now.held))
    drawer = now.boxes.get(cabinet.NAME)
    shut_in = drawer is not None and name != cabinet.NAME and is_in(box, drawer) and not is_open(now.drawer or 0.0)
    return not burdened and not shut_in


def taken(now: WorldState, name: str) -> WorldState | None:
    """The thing in the hand, above where it was; None if it cannot be taken."""
    box = now.boxes[name]
    narrow = 2 * min(box.half[:2]) < MAX_OPENING
    if now.held is not None or now.things[name].is_fixture or not (narrow and within_reach(box) and is_free(now, name)):
        return None
    box = replace(box, position=box.position + np.array([0.0, 0.0, _LIFTED]))
    turn, across, _ = finger_turn(now.hand.yaw, box)
    hand = replace(now.hand, position=grasp_point(box), yaw=now.hand.yaw + turn, opening=2 * across)
    hand = replace(hand, closing=True, left=True, right=True, lead=np.zeros(4))
    return replace(now, boxes={**now.boxes, name: box}, held=name, hand=hand)


def put_down(now: WorldState, spot: np.ndarray, bottom: float) -> WorldState | None:
    """What is in the hand put down at (x, y), its lower face at a height, the hand above it; None if nothing is in the hand."""
    if now.held is None:
        return None
    box = now.boxes[now.held]
    box = replace(box, position=np.array([spot[0], spot[1], bottom + float(box.half[2])]))
    return replace(now, boxes={**now.boxes, now.held: box}, held=None, hand=_above(now, box))


def shifted(now: WorldState, name: str, way: np.ndarray) -> WorldState | None:
    """A thing moved along the table, with what is in it or on it; None if the hand is full or it cannot be reached."""
    if now.held is not None or now.things[name].is_fixture or not within_reach(now.boxes[name]):
        return None
    boxes = _carried(now, name, way)
    return replace(now, boxes=boxes, hand=_above(now, boxes[name]))


def slid(now: WorldState, opening: float) -> WorldState | None:
    """The drawer at another opening, with what is in it; None if the hand is full or there is no drawer."""
    if now.held is not None or now.drawer is None or cabinet.NAME not in now.boxes:
        return None
    yaw = now.boxes[cabinet.NAME].yaw
    way = (now.drawer - opening) * cabinet.TRAVEL * np.array([np.cos(yaw), np.sin(yaw), 0.0])
    boxes = _carried(now, cabinet.NAME, way)
    return replace(now, boxes=boxes, drawer=opening, hand=_above(now, cabinet.handle_box(boxes[cabinet.NAME])))


def _carried(now: WorldState, name: str, way: np.ndarray) -> dict[str, Box]:
    base = now.boxes[name]
    loose = {key: box for key, box in now.boxes.items() if not now.things[key].is_fixture}  # the cabinet stays
    along = {name, *(key for key, box in loose.items() if is_in(box, base) or is_on(box, base))}
    return {key: replace(b, position=b.position + way) if key in along else b for key, b in now.boxes.items()}


def _above(now: WorldState, box: Box) -> Hand:
    place = np.clip(box.position + np.array([0.0, 0.0, float(box.half[2]) + _ABOVE]), WORKSPACE_LOW, WORKSPACE_HIGH)
    hand = replace(now.hand, position=place, opening=MAX_OPENING, closing=False)
    return replace(hand, left=False, right=False, lead=np.zeros(4))

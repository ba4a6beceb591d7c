"""What every skill's task has: starts to learn from, a reward, a success test."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar

import numpy as np

from sim.geometry import Box
from sim.layout import Layout
from sim.panda import WORKSPACE_HIGH, WORKSPACE_LOW, wrap_half_turn
from sim.relations import DIRECTIONS, REGIONS
from sim.state import WorldState
from skills.grasp import grasp_point
from skills.observation import Focus, Observer, Sight

Classes = Mapping[str, frozenset[str]]

SLOTS: dict[str, Callable[[Classes], Iterable[str]]] = {
    "thing": lambda seen: [name for name, words in seen.items() if "fixture" not in words],
    "receptacle": lambda seen: [name for name, words in seen.items() if "receptacle" in words],
    "region": lambda seen: REGIONS,
    "direction": lambda seen: DIRECTIONS,
}
"""What can stand in a phrase's braces, given the words for each thing that is seen."""


@dataclass(frozen=True)
class Target:
    """What a skill is asked to do it with.

    :param name: the thing, receptacle, region or fixture.
    :param direction: where to, for a skill that has a direction.
    """

    name: str
    direction: str = ""


@dataclass(frozen=True)
class Start:
    """Where an episode begins.

    :param hand: position of the hand, metres; ``yaw`` its turn, radians.
    :param held: the thing of the layout that is in the hand, if any, and ``grip``, how it lies there: offset of its
        centre from the point between the fingertips, metres (along the fingers' pads, across them, up).
    """

    layout: Layout
    target: Target
    hand: np.ndarray
    yaw: float
    held: str | None = None
    grip: tuple[float, float, float] = (0.0, 0.0, 0.0)


class Task(ABC):
    """A skill's meaning. The policy never sees it; rewards and success tests read the true state."""

    name: ClassVar[str]
    phrase: ClassVar[str]
    """The skill in language; what it is done with stands in braces, see ``SLOTS``."""
    fixed: ClassVar[str] = ""
    """Name of what a phrase without braces is about; the skill is offered where that is seen."""
    reads: ClassVar[tuple[str, ...]] = ("hand", "time", "target", "size")
    """Features (see ``skills.observation``) that the policy learns from; the success value reads them all."""
    horizon: ClassVar[int] = 60
    """Control steps (1/24 s) after which a try has failed."""
    penalty: ClassVar[float] = 0.0
    """What losing a try costs: without it, throwing from afar pays; with too much of it, nothing is ever let go."""

    @abstractmethod
    def start(self, rng: np.random.Generator) -> Start:
        """A start from which the skill should succeed."""

    @abstractmethod
    def doubtful_start(self, rng: np.random.Generator) -> Start:
        """A start from which it may well be hopeless: for learning what the skill cannot do."""

    @abstractmethod
    def reward(self, start: WorldState, now: WorldState, target: Target) -> float:
        """Dense reward of one step, about 0 to 2; the environment scales it down and adds 10 for success."""

    @abstractmethod
    def success(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """Whether the skill has done what it is for."""

    def lost(self, start: WorldState, now: WorldState, target: Target) -> bool:
        """Whether the try has failed for good, so that going on is a waste of time."""
        return False

    def came_about(self, sight: Sight, target: Target) -> bool:
        """Whether what the skill is for is so in the end, by what the arm knows of itself, though its time was over before that was certain."""
        return False

    def ready(self, sight: Sight, target: Target) -> bool:
        """Whether a try can begin at all, by what the arm knows of itself: a hand that must be empty, or full. If not, p(success) is 0."""
        return True

    def meant(self, now: WorldState, target: Target) -> WorldState | None:
        """The state that the skill is meant to bring about from here; None: none, as far as that can be told without trying."""
        return now

    def focus(self, sight: Sight, target: Target) -> Focus:
        """What the skill is about, decided when it begins; by default the thing itself, wherever it goes."""
        return lambda boxes: boxes[target.name]

    def reach(self, box: Box, target: Target) -> np.ndarray:
        """Where the fingertips should go first, metres, shape (3,)."""
        return grasp_point(box)

    def goal(self, sight: Sight, target: Target) -> np.ndarray | None:
        """Where the centre of what the skill is about should come to be, or what is to be known beside it, decided when it begins; None: nowhere in particular."""
        return None

    def near(self, start: Start, box: Box, rng: np.random.Generator) -> tuple[np.ndarray, float]:
        """A place and turn of the hand from which little is left to do: the easiest starts to learn from.

        :param box: what the skill is about.
        """
        aside = rng.uniform(-0.01, 0.01, size=2)
        if start.held is None:
            return self.reach(box, start.target) + np.array([*aside, rng.uniform(0.0, 0.06)]), box.yaw
        below = start.layout[start.held].thing.size[2] - start.grip[2]  # of what is held, under the fingertips
        return np.array([*(box.position[:2] + aside), box.top + below + rng.uniform(0.005, 0.025)]), box.yaw

    def observer(self, sight: Sight, target: Target, nearby: bool = True) -> Observer:
        """What turns sights into this skill's observations, from when it begins."""
        angle = None
        if target.direction:
            x, y = DIRECTIONS[target.direction]
            angle = float(np.arctan2(y, x))
        focus = self.focus(sight, target)
        goal = self.goal(sight, target)
        return Observer(focus, target.name, angle, nearby, lambda box: self.reach(box, target), goal)

    def offers(self, seen: Classes) -> list[Target]:
        """What the skill could be asked to do among things with these words; whether it would succeed is another question."""
        slots = re.findall(r"\{(\w+)\}", self.phrase)
        if not slots:
            return [Target(self.fixed)] if self.fixed in seen or not self.fixed else []
        return [Target(*words) for words in product(*(SLOTS[slot](seen) for slot in slots))]

    def say(self, target: Target) -> str:
        """The skill in language."""
        words = iter([target.name, target.direction])
        return re.sub(r"\{\w+\}", lambda _: next(words), self.phrase)


def begin_near(task: Task, start: Start, rng: np.random.Generator) -> Start:
    """The same start with the hand close to where it has to be, turned about right."""
    boxes = {name: placement.box for name, placement in start.layout.items()}
    sight = Sight(hand=None, boxes=boxes, held=start.held)  # type: ignore[arg-type]
    hand, yaw = task.near(start, task.focus(sight, start.target)(boxes), rng)
    turned = wrap_half_turn(yaw + float(rng.uniform(-0.3, 0.3)))
    return replace(start, hand=np.clip(hand, WORKSPACE_LOW, WORKSPACE_HIGH), yaw=turned)


def nearness(distance: float, far: float = 0.6) -> float:
    """1 at distance 0, falling evenly to 0 at ``far`` metres: a way back from anywhere."""
    return max(0.0, 1 - distance / far)


def closeness(distance: float, scale: float = 8.0) -> float:
    """1 at distance 0, falling smoothly to 0: ``1 - tanh(scale * distance)``."""
    return float(1 - np.tanh(scale * distance))


def descent(offset: np.ndarray, clearance: float = 0.06, width: float = 0.02) -> float:
    """Length of the way to a goal that is to be reached from above, metres.

    :param offset: from where something is to the goal, metres, shape (3,).
    :param clearance: while it is further than ``width`` to the side, the way leads over a point so much above the goal.
    """
    side, down = float(np.hypot(offset[0], offset[1])), float(-offset[2])
    if side <= width:
        return side + abs(down)
    return (
        float(np.hypot(side, min(down - clearance, 0.0) if down < clearance else 0.5 * (down - clearance))) + clearance
    )

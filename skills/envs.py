"""A Gymnasium environment for each skill: ``gymnasium.make("saycan/Pick-v0")``."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from sim.geometry import Box
from sim.panda import ACTION_SIZE, REACH, Bounds
from sim.state import WorldState
from sim.tabletop import Tabletop
from skills.blur import Blur
from skills.disturb import disturb
from skills.observation import SIZE, Sight
from skills.tasks import TASKS, Start, Task
from skills.tasks.base import begin_near

_REWARD = 10.0  # for success
_SHAPING = 1.7  # times 1 - discount: so little that it never pays to put off success, which ends the dense reward
_NOISE = 0.005  # metres


class SkillEnv(gym.Env[np.ndarray, np.ndarray]):
    """One skill to learn: the world, the skill's task, and what the policy sees of them.

    Observation: ``Box(-5, 5, (71,))``, relative to the target; see the table in ``skills.observation``.

    Action: ``Box(-1, 1, (5,))``

    === =============================================== ==============
    n   meaning                                         1.0 is
    === =============================================== ==============
    0   hand towards +x (away from the arm)             0.03 m
    1   hand towards +y (left)                          0.03 m
    2   hand up                                         0.03 m
    3   turn of the hand                                0.25 rad
    4   fingers: negative closes, otherwise opens       (on or off)
    === =============================================== ==============

    For a skill with a direction, 0 and 1 are along the direction and to its left.

    An episode ends with success (reward 10), when the try is lost, or after the task's horizon; ``info["is_success"]`` tells which. The time that is
    left is part of the observation, so running out of it is a true end (``terminated``), not a cut.

    :param task: a name in ``skills.tasks.TASKS``, or a task of your own.
    :param doubtful: share of episodes that begin from a doubtful start (``Task.doubtful_start``).
    :param close: share of episodes that begin with the hand close to the target: what matters is then found sooner.
    :param disturbed: share of episodes in which the thing is moved, or knocked out of the hand, on the way.
    :param noise: the most by which the observed place of the target is off, along x and along y, metres.
    :param blur: share of a camera's errors that all that is observed has besides (see ``skills.blur``).
    :param neighbours: whether the observation holds the target's neighbours; without, it is faster.
    :param within: where the hand may be sent, metres; the default is the agent's own range.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 24}  # noqa: RUF012 (Gymnasium's own spelling)

    def __init__(
        self,
        task: str | Task = "pick",
        doubtful: float = 0.0,
        close: float = 0.0,
        disturbed: float = 0.0,
        noise: float = _NOISE,
        blur: float = 0.0,
        neighbours: bool = True,
        within: Bounds = REACH,
        render_mode: str | None = None,
    ):
        self.task = TASKS[task]() if isinstance(task, str) else task
        self.observation_space = spaces.Box(-5.0, 5.0, (SIZE,), np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, (ACTION_SIZE,), np.float32)
        self.render_mode = render_mode
        self._doubtful, self._close, self._disturbed = doubtful, close, disturbed
        self._noise, self._blurred, self._neighbours = noise, blur, neighbours
        self._within = within
        self.discount = 0.97  # what a step later is worth to the learner, which may raise it; scales the dense reward
        self._world: Tabletop | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; ``options={"start": Start(...)}`` begins there instead of at random."""
        super().reset(seed=seed)
        if seed is not None or self._world is None:  # PyBullet remembers the order of bodies: a seed means a new world
            self.close()
            self._world = Tabletop(meshes=self.render_mode is not None, within=self._within)
        rng = self.np_random
        doubtful = rng.random() < self._doubtful
        start = (options or {}).get("start") or (self.task.doubtful_start(rng) if doubtful else self.task.start(rng))
        if rng.random() < self._close:
            start = begin_near(self.task, start, rng)
        begin(self._world, start)
        self._target, self._steps = start.target, 0
        self._bias = np.array([*rng.uniform(-self._noise, self._noise, size=2), 0.0])
        self._blur = (
            Blur(np.random.default_rng(rng.integers(2**32)), start.target.name, self._blurred)
            if self._blurred
            else None
        )
        self._disturb_at = int(rng.integers(3, 25)) if rng.random() < self._disturbed else -1
        self._begin = self._world.state()
        sight = self._sight(self._begin)
        self._observer = self.task.observer(sight, self._target, self._neighbours)
        ready = self.task.ready(sight, self._target)
        return self._observer.observe(sight, 0.0), {"is_success": False, "ready": ready}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        assert self._world is not None, "reset() comes before step()"
        self._world.step(self._observer.act(action))
        self._steps += 1
        if self._steps == self._disturb_at:
            disturb(self._world, self._target.name, self.np_random)
        now = self._world.state()
        success = self.task.success(self._begin, now, self._target)
        lost = self.task.lost(self._begin, now, self._target)
        reward = _SHAPING * (1 - self.discount) * self.task.reward(self._begin, now, self._target)
        reward += _REWARD * success - self.task.penalty * lost
        over = success or lost or self._steps >= self.task.horizon
        time = self._steps / self.task.horizon
        info = {"is_success": success, "disturbed": self._steps == self._disturb_at}
        return self._observer.observe(self._sight(now), time), reward, over, False, info

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The camera's picture, uint8, shape (height, width, 3)."""
        return self._world.picture().rgb if self._world else None

    def close(self) -> None:
        if self._world is not None:
            self._world.close()
            self._world = None

    def _sight(self, now: WorldState) -> Sight:
        boxes, box = now.boxes, now.boxes.get(self._target.name)
        if box is not None:
            boxes = {**boxes, self._target.name: Box(box.position + self._bias, box.yaw, box.half, box.round)}
        sight = Sight(now.hand, boxes, now.held, now.drawer)
        return self._blur(sight) if self._blur else sight


def begin(world: Tabletop, start: Start) -> None:
    """Bring a world to a start, a held thing firmly between the fingers, the rest at rest."""
    world.reset(start.layout, start.hand, start.yaw)
    if start.held is not None:
        thing = start.layout[start.held].thing
        c, s = np.cos(start.yaw), np.sin(start.yaw)
        along, across, up = start.grip  # along the fingers' pads is the hand's x axis when yaw is 0
        position = start.hand + np.array([c * along - s * across, s * along + c * across, up])
        world.arm.reset(start.hand, start.yaw, opening=2 * thing.size[1] + 0.002, closing=True)
        world.move(start.held, position, start.yaw)
    world.wait(2 if start.held is None else 4)
    world.doze()


def register() -> None:
    """Make the environments known to ``gymnasium.make``: ``saycan/Pick-v0``, ``saycan/PlaceIn-v0``, ..."""
    for name in TASKS:
        title = name.title().replace("_", "")
        gym.register(f"saycan/{title}-v0", entry_point="skills.envs:SkillEnv", kwargs={"task": name})


register()

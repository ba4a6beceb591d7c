"""The world as one object: reset it, act in it, look at it, save it and go back."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.quiet import quiet

with quiet():
    import pybullet
    from pybullet_utils.bullet_client import BulletClient

from sim import cabinet
from sim.camera import Camera, Picture
from sim.geometry import Box, upright_box
from sim.layout import Layout
from sim.panda import HOME, REACH, Bounds, Panda
from sim.shapes import create_body
from sim.state import Hand, WorldState

CONTROL_HZ = 24
SUBSTEPS = 6  # physics steps in one control step
PHYSICS_HZ = CONTROL_HZ * SUBSTEPS
_SOLVER_ITERATIONS = 20  # less than half of PyBullet's default: grasps hold as well (measured: docs/skills.md)
# After so many layouts the simulator is started afresh: it never frees the shapes of removed bodies (0.2 MB a layout).
_LAYOUTS = 100
_TABLE_HALF = (0.5, 0.75, 0.02)
_TABLE_CENTRE = (0.6, 0.0, -0.02)


@dataclass(frozen=True)
class Snapshot:
    """A saved moment of a world; valid until ``Tabletop.discard`` or the next reset."""

    number: int
    arm: Any


class Tabletop:
    """A Panda at a table with things on it, simulated by PyBullet at 144 Hz and controlled at 24 Hz.

    :param gui: open PyBullet's window instead of running headless.
    :param meshes: whether round things have a smooth surface to look at; worlds that are only simulated do without.
    :param within: where the hand may be sent, see ``Panda``.
    """

    def __init__(self, gui: bool = False, meshes: bool = True, within: Bounds = REACH):
        self._gui, self._meshes, self._within = gui, meshes, within
        self._layout: Layout = {}
        self._dozing = False
        self._open()

    def _open(self) -> None:
        with quiet():
            self.client: Any = BulletClient(pybullet.GUI if self._gui else pybullet.DIRECT)
        self.client.setGravity(0, 0, -9.81)
        self.client.setTimeStep(1 / PHYSICS_HZ)
        self.client.setPhysicsEngineParameter(numSolverIterations=_SOLVER_ITERATIONS)
        self._build_table()
        self.arm = Panda(self.client, self._within)
        self._bodies: dict[str, int] = {}
        self._cabinet: list[int] = []
        self._names: dict[int, str] = {}
        self._layouts = 0

    def reset(self, layout: Layout, hand: np.ndarray | None = None, yaw: float = 0.0) -> None:
        """Take everything off the table and set up a layout, the open hand above it.

        :param hand: where the hand starts, metres; None: above the middle of the table.
        """
        if self._layouts == _LAYOUTS and not self._gui:
            self.close()
            self._open()
        for body in [*self._bodies.values(), *self._cabinet]:
            self.client.removeBody(body)
        self._layouts += 1
        self._dozing = False
        self._layout = dict(layout)
        movable = {name: p for name, p in layout.items() if p.thing.shape != "cabinet"}
        self._bodies = {
            n: create_body(self.client, p.thing, p.position, p.yaw, p.tilt, self._meshes) for n, p in movable.items()
        }
        self._cabinet = [
            cabinet.create(self.client, p.position, p.yaw, p.opening) for n, p in layout.items() if n not in movable
        ]
        self._names = {body: name for name, body in self._bodies.items()}
        self.arm.reset(HOME if hand is None else hand, yaw)

    def step(self, action: np.ndarray) -> None:
        """One control step (1/24 s). See ``Panda.command`` for the action, shape (5,)."""
        self.arm.command(action)
        self.wait(1)

    def unwind(self) -> float:
        """One control step in which the arm's joints turn back to where they began. See ``Panda.unwind``; radians that are left."""
        left = self.arm.unwind()
        self.wait(1)
        return left

    def wait(self, steps: int) -> None:
        """Let time pass for some control steps without a new command."""
        advance = self.client.stepSimulation
        for _ in range(steps * SUBSTEPS):
            advance()

    def settle(self, limit: int = 48, speed: float = 0.005) -> None:
        """Wait until nothing moves faster than ``speed`` (metres per second), at most ``limit`` control steps."""
        for _ in range(limit):
            self.wait(1)
            if max((self._speed(body) for body in self._bodies.values()), default=0.0) < speed:
                return

    def doze(self, speed: float = 0.01) -> None:
        """Let the physics of things that lie still sleep until something touches them: a control step is then up to 4 times faster.

        For training; a world that dozes cannot be saved until its next reset.
        """
        self._dozing = True
        sleep = self.client.ACTIVATION_STATE_ENABLE_SLEEPING | self.client.ACTIVATION_STATE_SLEEP
        for body in self._bodies.values():
            if self._speed(body) < speed:
                self.client.changeDynamics(body, -1, activationState=sleep)

    def hand(self) -> Hand:
        """The arm's own sensors."""
        return self._hand(*self.arm.touching())

    def box(self, name: str) -> Box:
        """Where a thing truly is."""
        thing = self._layout[name].thing
        if name == cabinet.NAME:
            placement = self._layout[name]
            return cabinet.drawer_box(placement.position, placement.yaw, self._slide()[0], thing.size)
        position, orientation = self.client.getBasePositionAndOrientation(self._bodies[name])
        return upright_box(position, orientation, thing.size, thing.symmetry)

    def state(self) -> WorldState:
        """The true state (for rewards, success tests, goals and the oracle perception only)."""
        left, right = self.arm.touching()
        both = [self._names[body] for body in left & right if body in self._names]
        hand = self._hand(left, right)
        things = {name: p.thing for name, p in self._layout.items()}
        boxes = {name: self.box(name) for name in self._layout}
        speeds = {name: self._speed(body) for name, body in self._bodies.items()}
        drawer = None
        if self._cabinet:
            placement = self._layout[cabinet.NAME]
            way, speeds[cabinet.NAME] = self._slide()
            drawer = way / cabinet.TRAVEL
            things[cabinet.SHELL] = cabinet.shell()
            boxes[cabinet.SHELL] = cabinet.shell_box(placement.position, placement.yaw)
        return WorldState(things, boxes, hand, both[0] if both and hand.gripping else None, speeds, drawer)

    def move(self, name: str, position: np.ndarray, yaw: float = 0.0, tilt: float = 0.0) -> None:
        """Put a thing somewhere else at once (for resets and disturbances)."""
        body = self._bodies[name]
        self.client.resetBasePositionAndOrientation(
            body, list(position), self.client.getQuaternionFromEuler([tilt, 0, yaw])
        )
        self.client.resetBaseVelocity(body, [0, 0, 0], [0, 0, 0])

    def save(self) -> Snapshot:
        """Keep this moment, exactly.

        :raises RuntimeError: after ``doze``: PyBullet's snapshot does not say who sleeps, so branches would differ.
        """
        if self._dozing:
            raise RuntimeError(
                "a world whose things may be asleep cannot be saved exactly; reset it and do without doze()"
            )
        return Snapshot(self.client.saveState(), self.arm.save())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a saved moment of the same layout."""
        self.client.restoreState(snapshot.number)
        self.arm.restore(snapshot.arm)

    def discard(self, snapshot: Snapshot) -> None:
        """Free a snapshot's memory."""
        self.client.removeState(snapshot.number)

    def picture(self, camera: Camera | None = None) -> Picture:
        """What a camera sees now."""
        return (camera or Camera()).take(self.client)

    def owners(self, labels: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Which thing each pixel of ``Camera.take_labelled`` shows (for making training data).

        :return: place among ``names``; -1 for the table and beyond, -2 for the arm; int8, the same shape.
        """
        body, link = labels & 0xFFFFFF, labels >> 24
        owner = np.full(labels.shape, -1, np.int8)
        owner[body == self.arm.body] = -2
        for number, name in self._names.items():
            owner[body == number] = names.index(name)
        for number in self._cabinet:  # link 0 is the shell's foot, 1 the drawer
            owner[(body == number) & (link == 0)] = names.index(cabinet.SHELL)
            owner[(body == number) & (link > 0)] = names.index(cabinet.NAME)
        owner[labels < 0] = -1
        return owner

    def slide_drawer(self, opening: float) -> None:
        """Put the drawer somewhere else at once, as a share of its way (for disturbances)."""
        for body in self._cabinet:
            cabinet.put(self.client, body, opening)

    def close(self) -> None:
        """Disconnect from PyBullet; the world is gone."""
        with contextlib.suppress(pybullet.error):
            self.client.disconnect()

    def _hand(self, left: set[int], right: set[int]) -> Hand:
        arm = self.arm
        position, yaw = arm.pose()
        lead = np.array([*(arm.target - position), arm.target_yaw - yaw])
        return Hand(position, yaw, arm.opening, arm.closing, lead, bool(left), bool(right), arm.shift)

    def _build_table(self) -> None:
        half, rgba = list(_TABLE_HALF), [0.86, 0.83, 0.78, 1.0]
        collision = self.client.createCollisionShape(self.client.GEOM_BOX, halfExtents=half)
        visual = self.client.createVisualShape(self.client.GEOM_BOX, halfExtents=half, rgbaColor=rgba)
        self.table: int = self.client.createMultiBody(0, collision, visual, list(_TABLE_CENTRE))
        self.client.changeDynamics(self.table, -1, lateralFriction=0.9, spinningFriction=0.002)

    def _slide(self) -> tuple[float, float]:
        return cabinet.slide(self.client, self._cabinet[0])

    def _speed(self, body: int) -> float:
        linear, angular = self.client.getBaseVelocity(body)
        return math.hypot(*linear) + 0.02 * math.hypot(*angular)

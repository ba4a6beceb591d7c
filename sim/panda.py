"""The arm: a Franka Panda whose hand points down and is moved by small Cartesian steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pybullet_data

# Link numbers in pybullet_data's panda.urdf; TIP is the point between the fingertips.
HAND, LEFT, RIGHT, TIP = 8, 9, 10, 11
_ARM = list(range(7))
_FINGERS = [LEFT, RIGHT]
_HOME_JOINTS = [0.0, -0.45, 0.0, -2.35, 0.0, 1.9, math.pi / 4]
_ITERATIONS = 10  # of inverse kinematics in a control step: it starts from the joints as they are, and more overshoots
_ARM_FORCE, _FINGER_FORCE = 87.0, 20.0  # newton metres, newtons
MAX_OPENING = 0.08  # metres between the fingers

HOME = np.array([0.45, 0.0, 0.3])  # where the point between the fingertips is when a world begins, metres
WORKSPACE_LOW = np.array([0.28, -0.42, 0.012])  # where the point between the fingertips is to do things, metres
WORKSPACE_HIGH = np.array([0.72, 0.42, 0.42])
Bounds = tuple[np.ndarray, np.ndarray]
WORKSPACE: Bounds = (WORKSPACE_LOW, WORKSPACE_HIGH)
# Where it gets to: what is knocked away rolls beyond the workspace, in which skills are trained.
REACH: Bounds = (np.array([0.2, -0.58, 0.012]), np.array([0.72, 0.58, 0.42]))
STEP = 0.03  # metres the target moves at most along each axis in one control step
LEAD = 0.06  # metres along each axis that the target may be ahead of the hand: a blocked arm does not wind up
TURN = 0.25  # radians it turns at most in one control step
SWING = 0.15  # radians a joint turns at most in one control step on the way back to where it began
YAW_LIMIT = 1.9  # radians either way: more than a quarter turn, so that no yaw of the fingers is at an end stop
_WRIST = 2.9  # radians either way that the last joint is sent; its end stops are at 2.97
_YIELDS = 4  # solutions at most until it is there: where the hand is turned less, the other joints go elsewhere, too
ACTION_SIZE = 5  # x, y, z, yaw, fingers


class Panda:
    """A Panda with its base at the origin, commanded by target position, yaw and finger command.

    Frames: robot frame, metres; x away from the base, y to its left, z up. The yaw is the turn of the finger axis
    from the y axis. The two fingers are alike, so half a turn more is the same grasp, but the wrist cannot turn on and on.

    :param within: where the point between the fingertips may be sent: lowest and highest x, y, z, metres.
    """

    def __init__(self, client: Any, within: Bounds = REACH):
        self._client = client
        self.body: int = client.loadURDF(f"{pybullet_data.getDataPath()}/franka_panda/panda.urdf", useFixedBase=True)
        for finger in _FINGERS:
            client.changeDynamics(self.body, finger, lateralFriction=1.2, spinningFriction=0.01, rollingFriction=0.0002)
        self.target = np.zeros(3)
        self.target_yaw = 0.0
        self.closing = False
        self._within = within
        self._joints: list[float] = []
        self.reset(HOME)
        self._home = self._angles()

    def reset(
        self, position: np.ndarray, yaw: float = 0.0, opening: float = MAX_OPENING, closing: bool = False
    ) -> None:
        """Put the hand at a position at once, without moving there.

        :param opening: distance between the fingers, metres.
        :param closing: whether the fingers press towards each other from now on.
        """
        self._set_joints(_HOME_JOINTS, opening)
        for _ in range(4):  # PyBullet's solver starts from the joints as they are: repeat until it has converged
            self._set_joints(self._solve(position, yaw, iterations=50), opening)
        self.target, self.target_yaw, self.closing = np.array(position, dtype=float), yaw, closing
        self.drive()

    def command(self, action: np.ndarray) -> None:
        """Take one control step's action: move the target and set the motors.

        :param action: five numbers in [-1, 1]: x, y, z in units of ``STEP``, yaw in units of ``TURN``, fingers (negative closes).
        """
        action = np.clip(action, -1.0, 1.0)
        position, _ = self.pose()
        target = np.clip(self.target + STEP * action[:3], position - LEAD, position + LEAD)
        self.target = np.clip(target, *self._within)
        self.target_yaw = float(np.clip(self.target_yaw + TURN * action[3], -YAW_LIMIT, YAW_LIMIT))
        self.closing = bool(action[4] < 0)
        self.drive()

    def drive(self) -> None:
        """Solve the joints for the present target and set the motors.

        Inverse kinematics knows no end stops. Where the last joint would have to go beyond its own, the hand is turned less: else the
        other joints would turn the hand for it, and take it away from where it is sent.
        """
        for _ in range(_YIELDS):
            self._joints = self._solve(self.target, self.target_yaw, iterations=_ITERATIONS)
            beyond = self._joints[6] - float(np.clip(self._joints[6], -_WRIST, _WRIST))
            if not beyond:
                break
            self.target_yaw += beyond  # the more the last joint turns, the less the hand, which points down
        self._set_motors()

    def unwind(self) -> float:
        """One control step of all joints towards where they are when a world begins, the hand at ``HOME``.

        Seven joints are more than a hand that points down needs, and inverse kinematics starts from the joints as they are: over several
        motions the elbow drifts to the side, until a joint is at its end and the hand no longer gets where it is sent.

        :return: how far the joint that is furthest off still has to turn, radians.
        """
        now, home = np.array(self._angles()), np.array(self._home)
        self.target, self.target_yaw = HOME.copy(), 0.0
        self._joints = list(now + np.clip(home - now, -SWING, SWING))
        self._set_motors()
        return float(np.abs(home - now).max())

    def save(self) -> tuple[np.ndarray, float, bool, list[float]]:
        """What PyBullet's own snapshot leaves out: the commands."""
        return self.target.copy(), self.target_yaw, self.closing, list(self._joints)

    def restore(self, saved: tuple[np.ndarray, float, bool, list[float]]) -> None:
        """Take up saved commands again."""
        target, self.target_yaw, self.closing, joints = saved
        self.target, self._joints = target.copy(), list(joints)
        self._set_motors()

    def _set_motors(self) -> None:
        opening = 0.0 if self.closing else MAX_OPENING
        self._client.setJointMotorControlArray(
            self.body, _ARM, self._client.POSITION_CONTROL, self._joints, forces=[_ARM_FORCE] * 7
        )
        self._client.setJointMotorControlArray(
            self.body, _FINGERS, self._client.POSITION_CONTROL, [opening / 2] * 2, forces=[_FINGER_FORCE] * 2
        )

    def pose(self) -> tuple[np.ndarray, float]:
        """The point between the fingertips, metres, shape (3,), and the turn of the finger axis, about within ``YAW_LIMIT``, radians."""
        tip = self._client.getLinkState(self.body, TIP, computeForwardKinematics=True)
        return np.array(tip[4]), float(self._client.getEulerFromQuaternion(tip[5])[2])

    @property
    def opening(self) -> float:
        """Distance between the fingers, metres."""
        return float(sum(state[0] for state in self._client.getJointStates(self.body, _FINGERS)))

    @property
    def shift(self) -> float:
        """How far the middle between the fingers is off the hand's, metres, positive towards +y at yaw 0: the hand points down."""
        left, right = (state[0] for state in self._client.getJointStates(self.body, _FINGERS))
        return float(right - left) / 2

    def touching(self) -> tuple[set[int], set[int]]:
        """The bodies that the left and the right finger touch."""
        left, right = (
            {contact[2] for contact in self._client.getContactPoints(bodyA=self.body, linkIndexA=finger)}
            for finger in _FINGERS
        )
        return left, right

    def _angles(self) -> list[float]:
        return [state[0] for state in self._client.getJointStates(self.body, _ARM)]

    def _solve(self, position: np.ndarray, yaw: float, iterations: int) -> list[float]:
        down = self._client.getQuaternionFromEuler([math.pi, 0, yaw])
        joints = self._client.calculateInverseKinematics(
            self.body, TIP, list(position), down, maxNumIterations=iterations, residualThreshold=1e-4
        )
        return list(joints[:7])

    def _set_joints(self, joints: list[float], opening: float) -> None:
        for joint, angle in zip([*_ARM, *_FINGERS], [*joints, opening / 2, opening / 2], strict=True):
            self._client.resetJointState(self.body, joint, angle)


def wrap_half_turn(angle: float) -> float:
    """An angle brought into [-pi/2, pi/2), for things that look the same after half a turn."""
    return (angle + math.pi / 2) % math.pi - math.pi / 2

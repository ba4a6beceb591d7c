"""The cabinet with its drawer: where its parts are for a given opening. Measures as in ``assets/cabinet.urdf``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sim.geometry import Box
from sim.objects import Thing
from sim.paths import ASSETS

TRAVEL = 0.14  # metres from closed to open
NAME, SHELL = "drawer", "cabinet"  # the moving part and the fixed one, as things
SHELL_HALF = (0.09, 0.13, 0.05)
_DRAWER_CENTRE = np.array([-0.002, 0.0, 0.042])  # in the cabinet's frame, closed
_HANDLE_CENTRE = np.array([-0.127, 0.0, 0.06])
_HANDLE_HALF = np.array([0.007, 0.012, 0.02])
_RESERVED = 0.09  # metres before the cabinet's front that a layout keeps free besides the travel: handle and hand
_JOINT = 0
_FRICTION = 1.5  # newtons


def create(client: Any, position: np.ndarray, yaw: float, opening: float) -> int:
    """Put the cabinet into a PyBullet world.

    :param position: middle of its foot, metres (its z is ignored). At yaw 0 the drawer opens towards -x.
    :param opening: share of the drawer's way, 0 to 1.
    """
    body: int = client.loadURDF(
        str(ASSETS / "cabinet.urdf"),
        [position[0], position[1], 0.0],
        client.getQuaternionFromEuler([0, 0, yaw]),
        useFixedBase=True,
    )
    put(client, body, opening)
    client.setJointMotorControl2(body, _JOINT, client.VELOCITY_CONTROL, targetVelocity=0.0, force=_FRICTION)
    for link in (-1, _JOINT):
        client.changeDynamics(body, link, lateralFriction=0.6)
    return body


def put(client: Any, body: int, opening: float) -> None:
    """Put the drawer somewhere at once, as a share of its way."""
    client.resetJointState(body, _JOINT, opening * TRAVEL)


def slide(client: Any, body: int) -> tuple[float, float]:
    """How far the drawer is out (metres) and how fast it moves (metres per second)."""
    way, speed, *_ = client.getJointState(body, _JOINT)
    return way, speed


def shell() -> Thing:
    """The cabinet's fixed part as a thing."""
    return Thing(SHELL, SHELL, "cabinet", SHELL_HALF, 0.0, (0.6, 0.44, 0.28), frozenset({SHELL, "fixture"}))


def drawer_box(position: np.ndarray, yaw: float, way: float, half: tuple[float, float, float]) -> Box:
    """Where the inside of the drawer is, ``way`` metres out."""
    return Box(_point(position, yaw, _DRAWER_CENTRE, way), yaw, np.array(half))


def shell_box(position: np.ndarray, yaw: float) -> Box:
    """Where the cabinet is."""
    return Box(np.array([position[0], position[1], SHELL_HALF[2]]), yaw, np.array(SHELL_HALF))


def opening(shell: Box, drawer: Box) -> float:
    """How far the drawer is out, as a share of its way, from where the cabinet and the drawer are."""
    closed = shell.position[:2] + _turn(_DRAWER_CENTRE, shell.yaw)[:2]
    out = _turn(np.array([-1.0, 0.0, 0.0]), shell.yaw)[:2]
    return float(np.clip((drawer.position[:2] - closed) @ out / TRAVEL, 0.0, 1.0))


def handle_box(drawer: Box) -> Box:
    """Where the handle is, from where the drawer is."""
    offset = _turn(_HANDLE_CENTRE - _DRAWER_CENTRE, drawer.yaw)
    return Box(drawer.position + offset, drawer.yaw, _HANDLE_HALF.copy())


def footprint(position: np.ndarray, yaw: float) -> Box:
    """What a layout keeps free: the cabinet, and where the drawer goes and the hand that pulls it."""
    ahead = TRAVEL + _RESERVED
    centre = np.asarray(position[:2]) + _turn(np.array([-ahead / 2, 0.0, 0.0]), yaw)[:2]
    return Box(np.array([*centre, 0.05]), yaw, np.array([SHELL_HALF[0] + ahead / 2, SHELL_HALF[1], 0.05]))


def _point(position: np.ndarray, yaw: float, offset: np.ndarray, way: float) -> np.ndarray:
    return np.array([position[0], position[1], 0.0]) + _turn(offset - np.array([way, 0.0, 0.0]), yaw)


def _turn(offset: np.ndarray, yaw: float) -> np.ndarray:
    c, s = math.cos(yaw), math.sin(yaw)
    return np.array([c * offset[0] - s * offset[1], s * offset[0] + c * offset[1], offset[2]])

"""An RGB-D camera, rendered on the CPU by PyBullet's TinyRenderer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Picture:
    """What a camera saw.

    :param rgb: colours, uint8, shape (height, width, 3).
    :param depth: distance along the optical axis, metres, float32, shape (height, width).
    """

    rgb: np.ndarray
    depth: np.ndarray


@dataclass(frozen=True)
class Camera:
    """A fixed pinhole camera in the robot frame.

    The default looks down from before the arm, turned so that the picture's left is the robot's left (+y) and its top is away from it (+x).

    :param eye: where it is, ``target`` where it looks, metres.
    :param fov: vertical field of view, degrees.
    """

    eye: tuple[float, float, float] = (0.85, 0.0, 1.05)
    target: tuple[float, float, float] = (0.45, 0.0, 0.0)
    up: tuple[float, float, float] = (1.0, 0.0, 0.0)
    fov: float = 45.0
    width: int = 320
    height: int = 240
    near: float = 0.05
    far: float = 4.0

    def take(self, client: Any) -> Picture:
        """Render the world of a PyBullet client."""
        view = client.computeViewMatrix(self.eye, self.target, self.up)
        projection = client.computeProjectionMatrixFOV(self.fov, self.width / self.height, self.near, self.far)
        _, _, rgba, buffer, _ = client.getCameraImage(
            self.width,
            self.height,
            view,
            projection,
            lightDirection=[0.4, 0.6, 1.6],
            shadow=1,
            renderer=client.ER_TINY_RENDERER,
            flags=client.ER_NO_SEGMENTATION_MASK,
        )
        rgb = np.asarray(rgba, dtype=np.uint8).reshape(self.height, self.width, 4)[..., :3]
        z = np.asarray(buffer, dtype=np.float32).reshape(self.height, self.width)
        return Picture(rgb.copy(), self.far * self.near / (self.far - (self.far - self.near) * z))
